import type { Store } from './store.js';

/** How many slots came to each state since the store was made. Kept by triggers on the ledger. */
export function readTally(store: Store): Map<string, number> {
  return new Map(
    store.connection
      .prepare<[], { state: string; slots: number }>('SELECT state, slots FROM tally')
      .all()
      .map(({ state, slots }) => [state, slots]),
  );
}
