import type { RunOptions } from './run-types.js';

export const defaultTimeoutMs = 120_000;
export const defaultGraceMs = 10_000;

/** Resolves when the run must be ended before its time. */
export function watchEnd(options: RunOptions, now: boolean) {
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
