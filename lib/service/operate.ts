import { fileStamp } from '../env/file-stamp.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { withLock } from '../lock/lock.js';
import { instanceTable } from '../store/instances.js';
import { type Store, StoreUnwritableError } from '../store/store.js';
import { actionLock } from './action-lock.js';
import type { ActionOrigin } from './action-record.js';
import type { Surroundings } from './context.js';
import { isFiltered } from './filter.js';
import { guard, guardHeartbeat } from './guard.js';
import { instanceDocument, recordSeenProvisioned, storeInstance } from './instance.js';
import type { InstanceDocument } from './known-instance.js';
import { type ActionPlan, type PerformOptions, perform } from './perform.js';
import type { Service } from './service.js';
import { type Statuses, statusesOf } from './statuses.js';

export interface OperateOptions extends PerformOptions {
  /** How long to wait for another action, ms; default the keyword `lock_timeout`. */
  readonly waitLockMs?: number | undefined;
  /** The cluster manager of the service asks. */
  readonly cluster?: boolean | undefined;
  /** Environment of the node, `[node] env`: a service of another one is refused on production nodes. */
  readonly nodeEnv?: string | undefined;
  /** Who wants it; default a person, or a schedule with `cron`. */
  readonly origin?: ActionOrigin;
}

/**
 * One action on one service, with everything around it (spec service 6.3): guards, lock, the walk,
 * the statuses afterwards, and the failure state.
 *
 * @throws AgentError of what refused or failed
 */
export async function operate(
  service: Service,
  plan: ActionPlan,
  around: Surroundings,
  store: Store,
  options: OperateOptions,
): Promise<void> {
  guard(service, plan.name, around, options);
  guardHeartbeat(service, plan.name, options);
  if (options.dryRun) {
    // It writes nothing, not even the file of a lock.
    await perform(service, plan, around, options);
    return;
  }
  const waitMs = lockWait(service, options);
  await withLock(
    actionLock(service, plan.lock),
    { intent: plan.name, waitMs, object: service.scope },
    async (lock) => {
      let failure: unknown;
      let statuses: Statuses | undefined;
      try {
        statuses = await perform(service, plan, around, {
          ...options,
          onProgress: (rids) => lock.progress(rids.join(',')),
        });
        if (plan.name === 'start' && isOfInstance(plan, options)) {
          await requireUp(service, statuses, around);
        }
      } catch (error) {
        failure = error;
      }
      remember(service, plan, around, store, failure === undefined, options);
      await refresh(service, statuses ?? statusesOf(around, service), around, store);
      if (failure !== undefined) throw failure;
    },
  );
}

const defaultLockWaitMs = 60_000;

/** How long an action waits for another one, ms. */
export function lockWait({ header }: Service, { waitLockMs }: OperateOptions): number {
  return waitLockMs ?? header.lock_timeout ?? defaultLockWaitMs;
}

/** A start that went well has to leave the instance up. @throws AgentError `E_NOT_UP` */
async function requireUp(
  service: Service,
  statuses: Statuses,
  around: Surroundings,
): Promise<void> {
  const { avail } = instanceDocument(service, await statuses.all(), around, undefined);
  if (['up', 'stdby up', 'n/a'].includes(avail)) return;
  const text = `${service.scope}: started, but avail is ${avail}`;
  around.logOf(service).error(text);
  throw new AgentError('E_NOT_UP', text, {
    remedy: `see \`svcmgr -s ${service.scope} print status\``,
  });
}

const tracked: Readonly<Record<string, string>> = {
  start: 'started',
  stop: 'stopped',
  provision: 'provisioned',
  unprovision: 'unprovisioned',
};

/** Whether an action is about the whole instance: not about one group (`startfs`), nor some resources. */
function isOfInstance({ groups }: ActionPlan, options: OperateOptions): boolean {
  return groups === undefined && !isFiltered(options);
}

/** The failure state of actions on the whole service (spec service 4.6). */
function remember(
  { scope }: Service,
  plan: ActionPlan,
  { clock }: Surroundings,
  store: Store,
  succeeded: boolean,
  options: OperateOptions,
): void {
  const { name } = plan;
  const target = tracked[name];
  if (target === undefined || !isOfInstance(plan, options)) return;
  write(() =>
    store.immediate(() => {
      const table = instanceTable(store);
      if (succeeded) table.clearState(scope);
      else table.setState(scope, { status: `${name} failed`, target, since: clock.now() });
    }),
  );
}

/** Evaluates what is not known yet, and keeps the result. */
export async function refresh(
  service: Service,
  statuses: Statuses,
  around: Surroundings,
  store: Store,
): Promise<{ document: InstanceDocument; unrecorded: Error | undefined }> {
  const stamp = fileStamp(service.file) ?? '';
  const state = instanceTable(store).state(service.scope);
  const document = instanceDocument(service, await statuses.all(), around, state);
  const unrecorded = write(() => {
    storeInstance(store, document, stamp);
    recordSeenProvisioned(service, document);
  });
  return { document, unrecorded };
}

/** A full disk costs the record, never the action. */
function write(work: () => void): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof StoreUnwritableError || errnoOf(error) !== undefined) {
      return error as Error;
    }
    throw error;
  }
}
