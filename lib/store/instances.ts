import { defineTable } from './store.js';

/** What was last known of the instance of a service on this node. */
export interface InstanceRow {
  scope: string;
  /** UTC ms. */
  updatedAt: number;
  /** Of the configuration file: inode, size, modification and change time. */
  stamp: string;
  avail: string;
  overall: string;
  /** JSON, in the shape of `print status`. */
  document: string;
}

/** How the last action on a whole instance ended: `start failed`. */
export interface ActionState {
  status: string;
  /** What the action was to reach: `started`. */
  target: string | null;
  since: number;
}

const keptChanges = 100;

/** Statuses of instances, their changes, and the failure state of actions. */
export const instanceTable = defineTable((store) => {
  const db = store.connection;
  const columns = 'scope, updated_at AS updatedAt, stamp, avail, overall, document';
  const all = db.prepare<[], InstanceRow>(`SELECT ${columns} FROM instance`);
  const get = db.prepare<[string], InstanceRow>(`SELECT ${columns} FROM instance WHERE scope = ?`);
  const overalls = db.prepare<[string], { scope: string; overall: string }>(
    "SELECT scope, overall FROM instance WHERE document ->> '$.boot' = ?",
  );
  const put = db.prepare<InstanceRow>(`
    INSERT INTO instance (scope, updated_at, stamp, avail, overall, document)
    VALUES (@scope, @updatedAt, @stamp, @avail, @overall, @document)
    ON CONFLICT (scope) DO UPDATE SET updated_at = excluded.updated_at, stamp = excluded.stamp,
      avail = excluded.avail, overall = excluded.overall, document = excluded.document`);
  const lastStatus = db.prepare<[string, string], { status: string }>(
    'SELECT status FROM status_history WHERE scope = ? AND rid = ? ORDER BY id DESC LIMIT 1',
  );
  const addChange = db.prepare<{ scope: string; rid: string; at: number; status: string }>(
    'INSERT INTO status_history (scope, rid, at, status) VALUES (@scope, @rid, @at, @status)',
  );
  const trimChanges = db.prepare<{ scope: string; rid: string; kept: number }>(`
    DELETE FROM status_history WHERE scope = @scope AND rid = @rid AND id <= (
      SELECT id FROM status_history WHERE scope = @scope AND rid = @rid
      ORDER BY id DESC LIMIT 1 OFFSET @kept)`);
  const changes = db.prepare<[string, string], { at: number; status: string }>(
    'SELECT at, status FROM status_history WHERE scope = ? AND rid = ? ORDER BY id',
  );
  const state = db.prepare<[string], ActionState>(
    'SELECT status, target, since FROM action_state WHERE scope = ?',
  );
  const states = db.prepare<[], ActionState & { scope: string }>(
    'SELECT scope, status, target, since FROM action_state',
  );
  const setState = db.prepare<ActionState & { scope: string }>(`
    INSERT INTO action_state (scope, status, target, since)
    VALUES (@scope, @status, @target, @since)
    ON CONFLICT (scope) DO UPDATE SET
      status = excluded.status, target = excluded.target, since = excluded.since`);
  const clearState = db.prepare<[string]>('DELETE FROM action_state WHERE scope = ?');
  const clearTries = db.prepare<[string]>('DELETE FROM restart WHERE scope = ?');
  const clearTry = db.prepare<[string, string]>('DELETE FROM restart WHERE scope = ? AND rid = ?');
  const tries = db.prepare<[string, string], { tries: number; lastAt: number }>(
    'SELECT tries, last_at AS lastAt FROM restart WHERE scope = ? AND rid = ?',
  );
  const setLost = db.prepare<{ scope: string; rid: string; at: number }>(`
    INSERT INTO restart (scope, rid, tries, last_at) VALUES (@scope, @rid, 0, @at)
    ON CONFLICT (scope, rid) DO NOTHING`);
  const addTry = db.prepare<{ scope: string; rid: string; at: number }>(`
    INSERT INTO restart (scope, rid, tries, last_at) VALUES (@scope, @rid, 1, @at)
    ON CONFLICT (scope, rid) DO UPDATE SET tries = tries + 1, last_at = excluded.last_at`);
  const removals = ['instance', 'action_state', 'status_history', 'restart'].map((table) =>
    db.prepare<[string]>(`DELETE FROM ${table} WHERE scope = ?`),
  );

  return {
    all: (): InstanceRow[] => all.all(),
    get: (scope: string): InstanceRow | undefined => get.get(scope),
    /** The last known overall status by scope, of what was seen in a boot. */
    overalls: (boot: string) =>
      new Map(overalls.all(boot).map(({ scope, overall }) => [scope, overall])),
    put: (row: InstanceRow): void => void put.run(row),
    /** Adds the status of a resource to its history when it is another one than before. */
    note(scope: string, rid: string, status: string, at: number): void {
      if (lastStatus.get(scope, rid)?.status === status) return;
      addChange.run({ scope, rid, status, at });
      trimChanges.run({ scope, rid, kept: keptChanges });
    },
    /** Oldest first. */
    changes: (scope: string, rid: string) => changes.all(scope, rid),
    /** Undefined: idle. */
    state: (scope: string): ActionState | undefined => state.get(scope),
    /** All that are not idle, by scope. */
    states: () => new Map(states.all().map((row) => [row.scope, row])),
    setState: (scope: string, row: ActionState): void => void setState.run({ ...row, scope }),
    clearState: (scope: string): void => void clearState.run(scope),
    /** Forgets the failure state and the tries of the resource monitor. */
    clear(scope: string): void {
      clearState.run(scope);
      clearTries.run(scope);
    },
    /** Tries of the resource monitor for one resource since it was lost; undefined: it was not. */
    tries: (scope: string, rid: string) => tries.get(scope, rid),
    /** It was up and is not, though nobody stopped it. */
    setLost: (scope: string, rid: string, at: number): void => void setLost.run({ scope, rid, at }),
    addTry: (scope: string, rid: string, at: number): void => void addTry.run({ scope, rid, at }),
    clearTry: (scope: string, rid: string): void => void clearTry.run(scope, rid),
    /** Forgets a service that is deleted. */
    remove(scope: string): void {
      for (const removal of removals) removal.run(scope);
    },
  };
});
