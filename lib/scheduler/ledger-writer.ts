import type { Store } from '../store/store.js';

/** Writes that can wait go out with the next commit, and at the latest after this time. */
const laterMs = 100;

/**
 * Collects ledger writes and commits those that came together in one transaction: each commit waits
 * for the disk, so a hundred ends at once cost one wait.
 */
export function ledgerWriter(store: Store) {
  let queue: (() => void)[] = [];
  let flush: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** A transaction that fails is forgotten: whoever waits for it is told and decides. */
  function commit(): void {
    clearTimeout(timer);
    timer = undefined;
    const writes = queue;
    queue = [];
    if (writes.length === 0) return;
    store.immediate(() => {
      for (const write of writes) write();
    });
  }

  return {
    /** Resolves when `write` is on disk. @throws StoreUnwritableError when it could not be written */
    write(write: () => void): Promise<void> {
      queue.push(write);
      flush ??= new Promise<void>((resolve, reject) => {
        setImmediate(() => {
          flush = undefined;
          try {
            commit();
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      });
      return flush;
    },
    /** Writes what nobody waits for, and whose loss does no harm. */
    later(write: () => void): void {
      queue.push(write);
      timer ??= setTimeout(() => {
        timer = undefined;
        if (flush) return; // it is about to commit all, and somebody waits for what comes of it
        try {
          commit();
        } catch {
          // The facts of a running process: the end of the run is what counts.
        }
      }, laterMs);
    },
  };
}

export type LedgerWriter = ReturnType<typeof ledgerWriter>;
