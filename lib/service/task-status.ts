import type { StatusReport } from '../driver/contract.js';
import type { Status } from '../status/values.js';
import { type RunState, runTable } from '../store/runs.js';
import type { Store } from '../store/store.js';
import type { LastRun, Surroundings } from './context.js';
import { requirementsOf, unmetRequirement } from './requirements.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';

/** How a run can have ended; what was never started says nothing about the task. */
const ended: readonly RunState[] = ['ok', 'failed', 'timeout', 'lost'];

/** Answers from the ledger. */
export function lastRunIn(store: () => Promise<Store>): LastRun {
  return async (scope, rid) => {
    const [row] = runTable(await store()).list({
      scopes: [scope],
      task: rid,
      states: ended,
      limit: 1,
    });
    return row;
  };
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
