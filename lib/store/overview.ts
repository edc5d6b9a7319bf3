import { defineTable, type Store } from './store.js';

/** What a tick needs to know before it does anything. */
export interface Overview {
  /** Fingerprint of the configuration that the index was made from. */
  fingerprint: string | null;
  /** Earliest instant at which a task is due, UTC ms. */
  nextDue: number | null;
  /** Earliest instant at which a message wants to be sent, UTC ms. */
  nextSend: number | null;
  /** Ledger rows that are still open. */
  running: number;
}

/** One statement over three indexes: its cost does not grow with what is configured. */
export function readOverview(store: Store): Overview {
  return statement(store).get() as Overview;
}

const statement = defineTable((store) =>
  store.connection.prepare<[], Overview>(
    `SELECT (SELECT value FROM meta WHERE key = 'fingerprint') AS fingerprint,
              (SELECT min(next_due) FROM task WHERE next_due IS NOT NULL) AS nextDue,
              (SELECT min(next_try) FROM outbox) AS nextSend,
              (SELECT count(*) FROM run WHERE state = 'running') AS running`,
  ),
);
