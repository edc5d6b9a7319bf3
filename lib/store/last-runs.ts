import { defineTable } from './store.js';
import type { TaskKey } from './tasks.js';

export interface LastRun {
  /** UTC ms of the last start, null when only missed slots are known. */
  lastAt: number | null;
  /** Begin of the newest slot that was decided: run, skipped or missed. UTC ms. */
  slotAt: number | null;
  successAt: number | null;
  state: string | null;
  exitCode: number | null;
  durationMs: number | null;
}

/** How a run ended, as far as the last run tells. */
export interface LastEnd {
  state: string;
  exitCode: number | null;
  /** End of the run in UTC ms when it was a success, else null. */
  successAt: number | null;
  durationMs: number | null;
}

/** When each task last started, and how it ended. Rows outlive the configuration that named them. */
export const lastRunTable = defineTable((store) => {
  const db = store.connection;
  const get = db.prepare<TaskKey, LastRun>(
    `SELECT last_at AS lastAt, slot_at AS slotAt, success_at AS successAt, state,
       exit_code AS exitCode, duration_ms AS durationMs FROM last_run
     WHERE scope = @scope AND action = @action AND section = @section`,
  );
  const all = db.prepare<[], TaskKey & Pick<LastRun, 'lastAt' | 'slotAt'>>(
    'SELECT scope, action, section, last_at AS lastAt, slot_at AS slotAt FROM last_run',
  );
  const started = db.prepare<TaskKey & { at: number }>(`
    INSERT INTO last_run (scope, action, section, last_at) VALUES (@scope, @action, @section, @at)
    ON CONFLICT (scope, action, section) DO UPDATE SET last_at = excluded.last_at`);
  const decided = db.prepare<TaskKey & { slot: number }>(`
    INSERT INTO last_run (scope, action, section, slot_at) VALUES (@scope, @action, @section, @slot)
    ON CONFLICT (scope, action, section) DO UPDATE SET slot_at = excluded.slot_at`);
  const ended = db.prepare<TaskKey & LastEnd>(`
    UPDATE last_run SET state = @state, exit_code = @exitCode, duration_ms = @durationMs,
      success_at = coalesce(@successAt, success_at)
    WHERE scope = @scope AND action = @action AND section = @section`);
  const remove = db.prepare<[string]>('DELETE FROM last_run WHERE scope = ?');

  return {
    get: (key: TaskKey): LastRun | undefined => get.get(key),
    all: (): (TaskKey & Pick<LastRun, 'lastAt' | 'slotAt'>)[] => all.all(),
    started: (key: TaskKey, at: number): void => void started.run({ ...key, at }),
    /** Every slot up to the one that begins at `slot` has its row in the ledger. */
    decided: (key: TaskKey, slot: number): void => void decided.run({ ...key, slot }),
    ended: (key: TaskKey, end: LastEnd): void => void ended.run({ ...key, ...end }),
    /** Forgets an object that is deleted: one with its name is another one. */
    remove: (scope: string): void => void remove.run(scope),
  };
});
