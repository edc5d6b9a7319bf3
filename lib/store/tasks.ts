import { defineTable, type Store } from './store.js';

/** What identifies a schedule: scope `node` or a service path, action, configuration section. */
export interface TaskKey {
  scope: string;
  action: string;
  section: string;
}

/** One row of the schedule index. */
export interface TaskRow extends TaskKey {
  /** The parameter that holds the schedule, as in `asset.schedule`. */
  parameter: string;
  /** The schedule as written. */
  definition: string;
  timezone: string | null;
  /** 1: run by the worker; 0: run inside the tick. */
  detached: number;
  spreadable: number;
  /** `last`, `none` or `all:N`. */
  catchup: string;
  maxLatenessMs: number | null;
  maxParallel: number;
  /** 1: run even when the run cannot be recorded. */
  unrecorded: number;
  /** JSON object of hooks and pings, null when there are none. */
  hooks: string | null;
  /** UTC ms; null: never. */
  nextDue: number | null;
  /** Why the schedule is unusable, null when it is fine. */
  error: string | null;
}

export interface IndexedTask extends TaskRow {
  id: number;
  /** UTC ms of the last start, null when it never ran. */
  lastAt: number | null;
  /** Begin of the newest slot that was decided, UTC ms. */
  slotAt: number | null;
}

export interface TaskWithHistory extends IndexedTask {
  successAt: number | null;
  lastState: string | null;
  lastExit: number | null;
  durationMs: number | null;
}

const columns = `task.id, task.scope, task.action, task.section, task.parameter, task.definition,
  task.timezone, task.detached, task.spreadable, task.catchup, task.max_lateness_ms AS maxLatenessMs,
  task.max_parallel AS maxParallel, task.unrecorded, task.hooks, task.next_due AS nextDue,
  task.error, last_run.last_at AS lastAt, last_run.slot_at AS slotAt`;
const history = `${columns}, last_run.success_at AS successAt, last_run.state AS lastState,
  last_run.exit_code AS lastExit, last_run.duration_ms AS durationMs`;
const joined = 'FROM task LEFT JOIN last_run USING (scope, action, section)';

/** Rows that are due: the only query about tasks that an ordinary tick makes. */
export function dueTasks(store: Store, now: number): IndexedTask[] {
  return dueStatement(store).all(now);
}

const dueStatement = defineTable((store) =>
  store.connection.prepare<[number], IndexedTask>(
    `SELECT ${columns} ${joined} WHERE task.next_due IS NOT NULL AND task.next_due <= ?
     ORDER BY task.next_due, task.id`,
  ),
);

/** The schedule index: one row per schedule of the configuration. */
export const taskTable = defineTable((store) => {
  const db = store.connection;
  const claim = db.prepare<{ id: number; seen: number; next: number | null }>(
    'UPDATE task SET next_due = @next WHERE id = @id AND next_due = @seen',
  );
  const postpone = db.prepare<{ id: number; next: number | null; now: number }>(
    'UPDATE task SET next_due = @next WHERE id = @id AND next_due > @now',
  );
  const disable = db.prepare<{ id: number; error: string }>(
    'UPDATE task SET next_due = NULL, error = @error WHERE id = @id',
  );
  const upsert = db.prepare<TaskRow>(`
    INSERT INTO task (scope, action, section, parameter, definition, timezone, detached, spreadable,
      catchup, max_lateness_ms, max_parallel, unrecorded, hooks, next_due, error)
    VALUES (@scope, @action, @section, @parameter, @definition, @timezone, @detached, @spreadable,
      @catchup, @maxLatenessMs, @maxParallel, @unrecorded, @hooks, @nextDue, @error)
    ON CONFLICT (scope, action, section) DO UPDATE SET
      parameter = excluded.parameter, definition = excluded.definition,
      timezone = excluded.timezone, detached = excluded.detached,
      spreadable = excluded.spreadable, catchup = excluded.catchup,
      max_lateness_ms = excluded.max_lateness_ms, max_parallel = excluded.max_parallel,
      unrecorded = excluded.unrecorded, hooks = excluded.hooks, next_due = excluded.next_due,
      error = excluded.error`);
  const keysOf = db.prepare<[string], TaskKey & { id: number }>(
    'SELECT id, scope, action, section FROM task WHERE scope = ?',
  );
  const remove = db.prepare<[number]>('DELETE FROM task WHERE id = ?');
  const hooks = db.prepare<TaskKey, { hooks: string | null }>(
    'SELECT hooks FROM task WHERE scope = @scope AND action = @action AND section = @section',
  );
  const removeScope = db.prepare<[string]>('DELETE FROM task WHERE scope = ?');
  const ofScope = db.prepare<[string], TaskWithHistory>(
    `SELECT ${history} ${joined} WHERE task.scope = ? ORDER BY task.action, task.parameter`,
  );
  const one = db.prepare<TaskKey, TaskWithHistory>(
    `SELECT ${history} ${joined}
     WHERE task.scope = @scope AND task.action = @action AND task.section = @section`,
  );
  const all = db.prepare<[], TaskWithHistory>(
    `SELECT ${history} ${joined} ORDER BY task.scope <> 'node', task.scope, task.action, task.parameter`,
  );

  return {
    /**
     * Takes a due row: true for exactly one of all processes that saw it due at `seen`.
     * @param next the next instant at which the row comes due
     */
    claim: (id: number, seen: number, next: number | null): boolean =>
      claim.run({ id, seen, next }).changes === 1,
    /** Moves a row that is not due at `now`: a slot that is waiting for its tick stays. */
    postpone: (id: number, next: number | null, now: number): void =>
      void postpone.run({ id, next, now }),
    /** Takes a row whose schedule turned out unusable out of the index, and says why. */
    disable: (id: number, error: string): void => void disable.run({ id, error }),
    /** Makes the rows of one scope equal to `rows`. */
    replaceScope(scope: string, rows: readonly TaskRow[]): void {
      const kept = new Set(rows.map((row) => `${row.action}\n${row.section}`));
      for (const key of keysOf.all(scope)) {
        if (!kept.has(`${key.action}\n${key.section}`)) remove.run(key.id);
      }
      for (const row of rows) upsert.run(row);
    },
    removeScope: (scope: string): void => void removeScope.run(scope),
    ofScope: (scope: string): TaskWithHistory[] => ofScope.all(scope),
    all: (): TaskWithHistory[] => all.all(),
    get: ({ scope, action, section }: TaskKey): TaskWithHistory | undefined =>
      one.get({ scope, action, section }),
    /** The hooks of one task, as JSON; undefined when it has none or is not configured any more. */
    hooksOf: ({ scope, action, section }: TaskKey): string | undefined =>
      hooks.get({ scope, action, section })?.hooks ?? undefined,
  };
});
