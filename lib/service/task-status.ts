import type { StatusReport } from '../driver/contract.js';
import type { Status } from '../status/values.js';
import { metaTable } from '../store/meta.js';
import { type RunState, runTable } from '../store/runs.js';
import type { Store } from '../store/store.js';
import type { LastRun, Surroundings } from './context.js';
import { requirementsOf, unmetRequirement } from './requirements.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';

/** How a run can have ended; what was never started says nothing about the task. */
const ended: readonly RunState[] = ['ok', 'failed', 'timeout', 'lost'];

/** Answers from the ledger: what ended since the service was last stopped or booted. */
export function lastRunIn(store: () => Promise<Store>): LastRun {
  return async (scope, rid) => {
    const opened = await store();
    const [row] = runTable(opened).list({ scopes: [scope], task: rid, states: ended, limit: 1 });
    const since = Number(metaTable(opened).get(resetKey(scope)) ?? 0);
    return row && (row.endedAt ?? row.claimedAt) >= since ? row : undefined;
  };
}

const resetKey = (scope: string): string => `tasks reset ${scope}`;

/** From now on the tasks of a service count as never run: it was stopped or booted. */
export function resetTasks({ scope, resources }: Service, store: Store, now: number): void {
  const isChecked = resources.some(({ values }) => values?.['check'] === 'last_run');
  if (isChecked) metaTable(store).set(resetKey(scope), String(now));
}

/** Forgets a service that is deleted. */
export function forgetTasks(store: Store, scope: string): void {
  metaTable(store).remove(resetKey(scope));
}

/**
 * The status of a task (spec service 8.8): `n/a`; with `check = last_run` that of its last run, while
 * what it requires is there.
 */
export async function taskStatus(
  { source, scope, resources }: Service,
  { rid, values }: Resource,
  { lastRun }: Pick<Surroundings, 'lastRun'>,
  statusOf: (resource: Resource) => Promise<{ status: Status }>,
): Promise<StatusReport> {
  if (values?.['check'] !== 'last_run' || !lastRun) return { status: 'n/a' };
  const unmet = await unmetRequirement(
    requirementsOf(source.evaluator, rid, 'run'),
    async (name) => {
      const other = resources.find((candidate) => candidate.rid === name);
      return other && (await statusOf(other)).status;
    },
    () => undefined,
  );
  if (unmet !== undefined) return { status: 'n/a', notes: [{ level: 'info', text: unmet }] };
  const last = await lastRun(scope, rid);
  if (!last) return { status: 'n/a', notes: [{ level: 'info', text: 'never run' }] };
  if (last.state === 'ok') return { status: 'up' };
  const text = `last run ${last.state}: ${last.reason ?? `exit code ${last.exitCode}`}`;
  return { status: 'down', notes: [{ level: 'error', text }] };
}
