import { type Store, StoreUnwritableError } from '../store/store.js';

/**
 * Collects ledger writes and commits those that came together in one transaction: each commit waits
 * for the disk, so a hundred ends at once cost one wait.
 *
 * While the store refuses writes they are kept and tried again with the next ones.
 */
export function ledgerWriter(store: Store) {
  let queue: (() => void)[] = [];
  let flush: Promise<void> | undefined;

  function commit(): void {
    const writes = queue;
    queue = [];
    if (writes.length === 0) return;
    try {
      store.immediate(() => {
        for (const write of writes) write();
      });
    } catch (error) {
      queue = [...writes, ...queue];
      throw error;
    }
  }

  return {
    /** Resolves when `write` is on disk. @throws StoreUnwritableError; the write stays queued */
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
    /** Tries once more; true when nothing is left over. */
    settle(): boolean {
      try {
        commit();
        return true;
      } catch (error) {
        if (error instanceof StoreUnwritableError) return false;
        throw error;
      }
    },
  };
}

export type LedgerWriter = ReturnType<typeof ledgerWriter>;
