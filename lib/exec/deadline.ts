import type { Outcome, RunOptions } from './run-types.js';
import type { Ended } from './task-shell.js';
import { type KillTreeResult, killTree, type ProcessTree } from './tree.js';

export const defaultTimeoutMs = 120_000;

type End = Omit<Outcome, 'durationMs' | 'usage' | 'stdout' | 'stderr' | 'droppedBytes' | 'reports'>;

/**
 * Waits for the end of a program, and ends its tree when its time is over.
 *
 * @param now do not wait at all
 */
export async function awaitEnd(
  tree: ProcessTree,
  ended: Promise<Ended>,
  options: RunOptions,
  now: boolean,
): Promise<End> {
  const { wanted, stop } = watchEnd(options, now);
  const first = await Promise.race([ended, wanted]);
  stop();
  let end: Ended | undefined;
  let killed: KillTreeResult = { survivorsKilled: 0, stuckPids: [] };
  if (typeof first === 'string') {
    killed = await killTree(tree, options);
    // A process in uninterruptible sleep never reports its end: do not wait for it.
    end = killed.stuckPids.includes(tree.pid) ? undefined : await ended;
  } else {
    end = first;
  }
  const [exitCode, signal] = end ?? [null, null];
  return {
    pid: tree.pid,
    exitCode,
    signal,
    timedOut: first === 'timeout',
    aborted: first === 'abort',
    ...killed,
  };
}

/** Resolves when the run must be ended before its time. */
function watchEnd(options: RunOptions, now: boolean) {
  let stop = () => {};
  const wanted = new Promise<'timeout' | 'abort'>((resolve) => {
    const onAbort = () => resolve('abort');
    if (now || options.signal?.aborted) onAbort();
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const timer =
      timeoutMs > 0 ? setTimeout(() => resolve('timeout'), Math.min(timeoutMs, 2 ** 31 - 1)) : null;
    options.signal?.addEventListener('abort', onAbort, { once: true });
    stop = () => {
      if (timer) clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    };
  });
  return { wanted, stop: () => stop() };
}
