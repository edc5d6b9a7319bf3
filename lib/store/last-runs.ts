import { defineTable } from './store.js';
import type { TaskKey } from './tasks.js';

export interface LastRun {
  /** UTC ms of the last start. */
  lastAt: number;
  successAt: number | null;
  state: string | null;
  exitCode: number | null;
}

/** When each task last started, and how it ended. Rows outlive the configuration that named them. */
export const lastRunTable = defineTable((store) => {
  const db = store.connection;
  const get = db.prepare<TaskKey, LastRun>(
    `SELECT last_at AS lastAt, success_at AS successAt, state, exit_code AS exitCode FROM last_run
     WHERE scope = @scope AND action = @action AND section = @section`,
  );
  const started = db.prepare<TaskKey & { at: number }>(`
    INSERT INTO last_run (scope, action, section, last_at) VALUES (@scope, @action, @section, @at)
    ON CONFLICT (scope, action, section) DO UPDATE SET last_at = excluded.last_at`);
  const ended = db.prepare<
    TaskKey & { state: string; exitCode: number | null; successAt: number | null }
  >(`
    UPDATE last_run SET state = @state, exit_code = @exitCode,
      success_at = coalesce(@successAt, success_at)
    WHERE scope = @scope AND action = @action AND section = @section`);

  const keyOf = ({ scope, action, section }: TaskKey): TaskKey => ({ scope, action, section });
  return {
    get: (key: TaskKey): LastRun | undefined => get.get(keyOf(key)),
    started: (key: TaskKey, at: number): void => void started.run({ ...keyOf(key), at }),
    /** @param successAt end of the run in UTC ms when it was a success, else null */
    ended: (key: TaskKey, state: string, exitCode: number | null, successAt: number | null): void =>
      void ended.run({ ...keyOf(key), state, exitCode, successAt }),
  };
});
