/** The clock as a value: everything that asks for the time asks one of these. */
export interface Clock {
  /** UTC milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never steps, for durations only. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic() {
    // `performance` would be a module to load: 2 ms.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
};
