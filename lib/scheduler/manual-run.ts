import { isAlive, selfIdentity } from '../env/process-identity.js';
import { AgentError } from '../errors/agent-error.js';
import { ownerOf, type RunOrigin, type RunRow, runTable } from '../store/runs.js';
import { type Store, StoreUnwritableError } from '../store/store.js';
import { type TaskKey, taskTable } from '../store/tasks.js';
import { type ExecuteOptions, executeRow } from './execute.js';
import { nextDueAfter } from './next-due.js';
import type { Outcome } from './outcome.js';
import type { RunServices } from './run-services.js';
import { spool } from './spool.js';
import { underTaskLock } from './task-lock.js';

export interface ManualRun {
  /** Undefined when the ledger could not take the run. */
  id: number | undefined;
  outcome: Outcome;
  /** Why it is not in the ledger. */
  unrecorded: StoreUnwritableError | undefined;
}

/**
 * Runs a task now, in the foreground, whatever its schedule says, and records it. A store that takes
 * no writes does not stop a person: the run then waits in the spool.
 */
export async function runByHand(
  key: TaskKey,
  origin: RunOrigin,
  services: RunServices,
  options: ExecuteOptions,
): Promise<ManualRun> {
  const { store, clock } = services;
  const { pid, startTime, bootId } = selfIdentity();
  const owner = { ownerPid: pid, ownerStart: startTime, bootId };
  const startedAt = clock.now();
  const claimed = {
    ...key,
    origin,
    epoch: 0,
    slotBegin: null,
    slotEnd: null,
    claimedAt: startedAt,
    batch: null,
    token: services.newToken(),
    ...owner,
  };

  let id: number | undefined;
  let unrecorded: StoreUnwritableError | undefined;
  unrecorded = attempt(() =>
    store.immediate(() => {
      refuseWhileRunning(store, key);
      id = runTable(store).claim(claimed);
      if (id !== undefined) runTable(store).start(id, null, startedAt, pid);
    }),
  );
  const row: RunRow = { ...emptyRow, ...claimed, id: id ?? 0, startedAt };

  const runOptions: ExecuteOptions = {
    ...options,
    onStart(tree) {
      options.onStart?.(tree);
      if (id === undefined) return;
      const child = { childPid: tree.pid, childStart: tree.startTime, cgroup: tree.cgroup ?? null };
      const runId = id;
      attempt(() => store.immediate(() => runTable(store).setChild(runId, child)));
    },
  };
  const outcome =
    id === undefined
      ? await underTaskLock(row, services, () => executeRow(row, services, runOptions))
      : await executeRow(row, services, runOptions);

  const endedAt = clock.now();
  const end = { ...outcome, id: row.id, endedAt };
  const next =
    outcome.state === 'ok' ? await nextDueAfter(store, key, services, endedAt) : undefined;
  const failed = attempt(() => {
    if (id === undefined) return;
    store.immediate(() => {
      if (runTable(store).end(end)) services.recordEnd(row, end);
      next?.();
    });
  });
  if (failed || id === undefined) {
    spool(
      services.paths,
      id === undefined
        ? { kind: 'run', row: { ...row, ...outcome, endedAt } }
        : { kind: 'end', end },
    );
    unrecorded ??= failed;
  }
  return { id, outcome, unrecorded };
}

/** @throws AgentError `E_RUNNING` when as many runs of the task go as it allows */
function refuseWhileRunning(store: Store, key: TaskKey): void {
  const same = (row: TaskKey): boolean =>
    row.scope === key.scope && row.action === key.action && row.section === key.section;
  const limit = taskTable(store).get(key)?.maxParallel ?? 1;
  const running = runTable(store)
    .open()
    .filter((row) => same(row) && isAlive(ownerOf(row)));
  const [first] = running;
  if (!first || running.length < limit) return;
  throw new AgentError(
    'E_RUNNING',
    `${key.scope} ${key.section} is running already (run ${first.id}, process ${first.childPid ?? first.ownerPid})`,
    { exit: 'tryAgain', remedy: `try again later, or look at it: nodemgr show run ${first.id}` },
  );
}

/** @returns the refusal of the store, if that is what went wrong */
function attempt(write: () => void): StoreUnwritableError | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    if (error instanceof StoreUnwritableError) return error;
    throw error;
  }
}

const emptyRow = {
  state: 'running',
  reason: null,
  slots: 1,
  endedAt: null,
  exitCode: null,
  signal: null,
  attempts: 1,
  childPid: null,
  childStart: null,
  cgroup: null,
  stdout: null,
  stderr: null,
  droppedBytes: null,
  usage: null,
  log: null,
} as const;
