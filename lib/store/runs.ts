import type { ProcessIdentity } from '../env/process-identity.js';
import { defineTable } from './store.js';
import type { TaskKey } from './tasks.js';

export const runStates = [
  'running',
  'ok',
  'failed',
  'timeout',
  'lost',
  'skipped',
  'missed',
] as const;
export type RunState = (typeof runStates)[number];

export type RunOrigin = 'cron' | 'manual' | 'queue' | 'socket';

/** One row of the ledger. Times are UTC ms. */
export interface RunRow extends TaskKey {
  id: number;
  origin: RunOrigin;
  state: RunState;
  /** Why it was not a plain success, null otherwise. */
  reason: string | null;
  epoch: number;
  slotBegin: number | null;
  slotEnd: number | null;
  /** How many slots the row stands for: more than one only for long gaps. */
  slots: number;
  claimedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  exitCode: number | null;
  signal: string | null;
  /** The worker that is to run it. */
  batch: string | null;
  /** How often it was handed on because nobody started it. */
  attempts: number;
  ownerPid: number | null;
  /** Start time of the owner, which tells it from a later process with its pid (proc_pid_stat(5)). */
  ownerStart: number | null;
  bootId: string | null;
  /** Marks every process of the run, in its environment and as the name of its cgroup. */
  token: string | null;
  childPid: number | null;
  childStart: number | null;
  cgroup: string | null;
  /** Tails of the output. */
  stdout: string | null;
  stderr: string | null;
  droppedBytes: number | null;
  /** JSON: user and system time in ms, largest memory in bytes. */
  usage: string | null;
  /** The log file that has the lines. */
  log: string | null;
}

/** A row that has just been decided and not yet started. */
export type ClaimedRun = TaskKey &
  Pick<RunRow, 'origin' | 'epoch' | 'slotBegin' | 'slotEnd' | 'claimedAt' | 'batch' | 'token'> &
  Owner;

export interface Owner {
  ownerPid: number;
  ownerStart: number;
  bootId: string;
}

/** A slot that nobody will run. */
export type ClosedRun = TaskKey &
  Pick<RunRow, 'origin' | 'state' | 'reason' | 'epoch' | 'slotBegin' | 'slotEnd' | 'slots'> & {
    at: number;
  };

/** The process that does the work of a run. */
export type Child = Pick<RunRow, 'cgroup'> & { childPid: number; childStart: number };

export interface RunEnd {
  id: number;
  state: RunState;
  reason: string | null;
  endedAt: number;
  exitCode: number | null;
  signal: string | null;
  stdout: string | null;
  stderr: string | null;
  droppedBytes: number | null;
  usage: string | null;
  log: string | null;
}

/** The process that a row belongs to; one that never was when the row does not tell. */
export function ownerOf({
  ownerPid,
  ownerStart,
  bootId,
}: Pick<RunRow, 'ownerPid' | 'ownerStart' | 'bootId'>): ProcessIdentity {
  return { pid: ownerPid ?? -1, startTime: ownerStart ?? -1, bootId: bootId ?? '' };
}

export interface RunFilter {
  /** Leaves out the runs of the node itself. */
  servicesOnly?: boolean;
  /** Default: any. */
  scopes?: readonly string[] | undefined;
  /** Action or section. */
  task?: string | undefined;
  states?: readonly RunState[] | undefined;
  since?: number | undefined;
  limit: number;
}

const columns = `id, scope, action, section, origin, state, reason, epoch, slot_begin AS slotBegin,
  slot_end AS slotEnd, slots, claimed_at AS claimedAt, started_at AS startedAt, ended_at AS endedAt,
  exit_code AS exitCode, signal, batch, attempts, owner_pid AS ownerPid, owner_start AS ownerStart,
  boot_id AS bootId, token, child_pid AS childPid, child_start AS childStart, cgroup, stdout, stderr,
  dropped_bytes AS droppedBytes, usage, log`;

/** The ledger: one row per run, per slot that was not run, in the order in which they were decided. */
export const runTable = defineTable((store) => {
  const db = store.connection;
  const insertClaimed = db.prepare<ClaimedRun>(`
    INSERT INTO run (scope, action, section, origin, state, epoch, slot_begin, slot_end, claimed_at,
      batch, token, owner_pid, owner_start, boot_id)
    VALUES (@scope, @action, @section, @origin, 'running', @epoch, @slotBegin, @slotEnd, @claimedAt,
      @batch, @token, @ownerPid, @ownerStart, @bootId)
    ON CONFLICT DO NOTHING`);
  const insertClosed = db.prepare<ClosedRun>(`
    INSERT INTO run (scope, action, section, origin, state, reason, epoch, slot_begin, slot_end,
      slots, claimed_at, ended_at)
    VALUES (@scope, @action, @section, @origin, @state, @reason, @epoch, @slotBegin, @slotEnd,
      @slots, @at, @at)
    ON CONFLICT DO NOTHING`);
  const insertWhole = db.prepare<Omit<RunRow, 'id'>>(`
    INSERT INTO run (scope, action, section, origin, state, reason, epoch, slot_begin, slot_end,
      slots, claimed_at, started_at, ended_at, exit_code, signal, batch, attempts, owner_pid,
      owner_start, boot_id, token, child_pid, child_start, cgroup, stdout, stderr, dropped_bytes,
      usage, log)
    VALUES (@scope, @action, @section, @origin, @state, @reason, @epoch, @slotBegin, @slotEnd,
      @slots, @claimedAt, @startedAt, @endedAt, @exitCode, @signal, @batch, @attempts, @ownerPid,
      @ownerStart, @bootId, @token, @childPid, @childStart, @cgroup, @stdout, @stderr,
      @droppedBytes, @usage, @log)
    ON CONFLICT DO NOTHING`);
  const takeBatch = db.prepare<Owner & { batch: string }, RunRow>(`
    UPDATE run SET owner_pid = @ownerPid, owner_start = @ownerStart, boot_id = @bootId
    WHERE batch = @batch AND state = 'running' AND started_at IS NULL
    RETURNING ${columns}`);
  const adopt = db.prepare<Owner & { id: number; batch: string; seen: string | null }>(`
    UPDATE run SET batch = @batch, owner_pid = @ownerPid, owner_start = @ownerStart,
      boot_id = @bootId, attempts = attempts + 1
    WHERE id = @id AND state = 'running' AND started_at IS NULL AND batch IS @seen`);
  const start = db.prepare<{ id: number; batch: string | null; at: number; ownerPid: number }>(`
    UPDATE run SET started_at = @at
    WHERE id = @id AND state = 'running' AND started_at IS NULL AND batch IS @batch
      AND owner_pid = @ownerPid`);
  const setChild = db.prepare<Child & { id: number }>(`
    UPDATE run SET child_pid = @childPid, child_start = @childStart, cgroup = @cgroup
    WHERE id = @id AND state = 'running'`);
  const end = db.prepare<RunEnd>(`
    UPDATE run SET state = @state, reason = @reason, ended_at = @endedAt, exit_code = @exitCode,
      signal = @signal, stdout = @stdout, stderr = @stderr, dropped_bytes = @droppedBytes,
      usage = @usage, log = @log
    WHERE id = @id AND state = 'running'`);
  const open = db.prepare<[], RunRow>(
    `SELECT ${columns} FROM run WHERE state = 'running' ORDER BY id`,
  );
  const get = db.prepare<[number], RunRow>(`SELECT ${columns} FROM run WHERE id = ?`);

  return {
    /** @returns the id, or undefined when the slot has a row already */
    claim(row: ClaimedRun): number | undefined {
      const { changes, lastInsertRowid } = insertClaimed.run(row);
      return changes === 1 ? Number(lastInsertRowid) : undefined;
    },
    /** Adds a run that happened without the ledger. @returns undefined when its slot has a row */
    insert({ id: _, ...row }: RunRow): number | undefined {
      const { changes, lastInsertRowid } = insertWhole.run(row);
      return changes === 1 ? Number(lastInsertRowid) : undefined;
    },
    /** @returns false when the slot has a row already */
    close: (row: ClosedRun): boolean => insertClosed.run(row).changes === 1,
    /** Makes the caller the owner of the batch's rows that nobody started, in slot order. */
    takeBatch: (batch: string, owner: Owner): RunRow[] =>
      takeBatch.all({ ...owner, batch }).sort((a, b) => a.id - b.id),
    /** Moves a row that was never started from a dead owner's batch to another one. */
    adopt: (id: number, seen: string | null, batch: string, owner: Owner): boolean =>
      adopt.run({ ...owner, id, batch, seen }).changes === 1,
    /** @returns false when another process took the row meanwhile: then it must not be started */
    start: (id: number, batch: string | null, at: number, ownerPid: number): boolean =>
      start.run({ id, batch, at, ownerPid }).changes === 1,
    setChild: (id: number, child: Child): void => void setChild.run({ ...child, id }),
    end: (row: RunEnd): boolean => end.run(row).changes === 1,
    open: (): RunRow[] => open.all(),
    get: (id: number): RunRow | undefined => get.get(id),

    /** Newest first. */
    list(filter: RunFilter): RunRow[] {
      const states = filter.states?.length ? filter.states : runStates;
      return db
        .prepare<
          {
            scopes: string | null;
            servicesOnly: number;
            task: string | null;
            since: number;
            limit: number;
            states: string;
          },
          RunRow
        >(
          `SELECT ${columns} FROM run
           WHERE (@scopes IS NULL OR scope IN (SELECT value FROM json_each(@scopes)))
             AND (NOT @servicesOnly OR scope <> 'node')
             AND (@task IS NULL OR action = @task OR section = @task)
             AND claimed_at >= @since
             AND state IN (SELECT value FROM json_each(@states))
           ORDER BY claimed_at DESC, id DESC LIMIT @limit`,
        )
        .all({
          scopes: filter.scopes ? JSON.stringify(filter.scopes) : null,
          servicesOnly: Number(filter.servicesOnly ?? false),
          task: filter.task ?? null,
          since: filter.since ?? 0,
          limit: filter.limit,
          states: JSON.stringify(states),
        });
    },
  };
});
