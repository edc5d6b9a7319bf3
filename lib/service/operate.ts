import { existsSync } from 'node:fs';
import { fileStamp } from '../env/file-stamp.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { instanceTable } from '../store/instances.js';
import { type Store, StoreUnwritableError } from '../store/store.js';
import { defaultLockWaitMs, withActionLock } from './action-lock.js';
import type { ActionPlan, PerformOptions } from './action-plan.js';
import type { ActionOrigin } from './action-record.js';
import type { Surroundings } from './context.js';
import type { Freshness } from './encap/instances.js';
import type { InnerInstances } from './encap/view.js';
import { filterResources, isFiltered } from './filter.js';
import { guard, guardHeartbeat } from './guard.js';
import { innerInstancesOf } from './inner-instances.js';
import { instanceDocument, type Look, recordSeenProvisioned, storeInstance } from './instance.js';
import type { InstanceDocument } from './known-instance.js';
import { namesLevels } from './level-filter.js';
import { perform } from './perform.js';
import type { Service } from './service.js';
import { type Statuses, statusesOf } from './statuses.js';
import { resetTasks } from './task-status.js';

export interface OperateOptions extends PerformOptions {
  /** How long to wait for another action, ms; default the keyword `lock_timeout`. */
  readonly waitLockMs?: number | undefined;
  /** The instance may be frozen: who moves it thaws it. */
  readonly evenFrozen?: boolean;
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
  const { force = false, evenFrozen = false, nodeEnv } = options;
  guard(service, plan.name, around, { force: force || evenFrozen, nodeEnv });
  guardHeartbeat(service, plan.name, options);
  if (options.dryRun) {
    // It writes nothing, not even the file of a lock.
    await perform(service, plan, around, options);
    return;
  }
  const waitMs = lockWait(service, options);
  // A configuration that changes meanwhile, by a driver or a container, is another one than ours.
  const stamp = fileStamp(service.file) ?? '';
  await withActionLock(
    service,
    around.paths,
    { intent: plan.name, waitMs, object: service.scope, kind: plan.lock },
    async (lock) => {
      refuseDeleted(service);
      let failure: unknown;
      let statuses: Statuses | undefined;
      let stopped: ReadonlySet<string> = new Set();
      try {
        stopped = new Set(stoppedBy(service, plan, options));
        statuses = await perform(service, plan, around, {
          ...options,
          onProgress: (rids) => lock.progress(rids.join(',')),
        });
        if (plan.name === 'start' && isOfWhole(plan, options)) {
          await requireUp(service, statuses, around);
        }
      } catch (error) {
        failure = error;
      }
      remember(service, plan, around, store, failure === undefined, options);
      const after = { stopped, stamp };
      await refresh(service, statuses ?? statusesOf(around, service), around, store, after);
      if (failure !== undefined) throw failure;
    },
  );
}

/** Whether it is about the whole instance: not some resources, a group, a level, or a walk that ends early. */
function isOfWhole(plan: ActionPlan, options: OperateOptions): boolean {
  const isPartial = isFiltered(options) || namesLevels(options);
  return plan.groups === undefined && options.last === undefined && !isPartial;
}

/** The rids that an action was to take down. */
function stoppedBy(service: Service, plan: ActionPlan, options: OperateOptions): string[] {
  if (plan.verb !== 'stop' && plan.verb !== 'unprovision') return [];
  const isForced = (options.force ?? false) || (plan.force ?? false);
  return filterResources(service.resources, options, service.scope)
    .filter(
      ({ group, standby }) => (plan.groups?.includes(group) ?? true) && (isForced || !standby),
    )
    .map(({ rid }) => rid);
}

/** Whoever waited for the lock may have waited for `delete`. @throws AgentError `E_NO_SERVICE` */
function refuseDeleted({ file, scope }: Service): void {
  if (existsSync(file)) return;
  throw new AgentError('E_NO_SERVICE', `${scope}: it was deleted meanwhile`);
}

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
  const inner = await startedInside(service, statuses, around);
  const { avail } = instanceDocument(service, await statuses.all(), around, undefined, inner);
  if (['up', 'stdby up', 'n/a'].includes(avail)) return;
  const text = `${service.scope}: started, but avail is ${avail}`;
  around.logOf(service).error(text);
  throw new AgentError('E_NOT_UP', text, {
    remedy: `see \`svcmgr -s ${service.scope} print status\``,
  });
}

/** What starts itself inside of containers need not be up yet. */
async function startedInside(
  service: Service,
  statuses: Statuses,
  around: Surroundings,
): Promise<InnerInstances | undefined> {
  const inner = await innerInstancesOf(service, statuses, around, 'kept');
  if (!inner || !service.header.autostart_node) return inner;
  const { innerAgents, startsItself } = await import('./encap/agents.js');
  const agents = innerAgents(service, around).filter((agent) => !startsItself(service, agent));
  return Object.fromEntries(
    agents.flatMap(({ resource: { rid } }) => (inner[rid] ? [[rid, inner[rid]]] : [])),
  );
}

const tracked: Readonly<Record<string, string>> = {
  start: 'started',
  stop: 'stopped',
  provision: 'provisioned',
  unprovision: 'unprovisioned',
};

/** The failure state of actions on the whole service (spec service 4.6). */
function remember(
  service: Service,
  plan: ActionPlan,
  { clock }: Surroundings,
  store: Store,
  succeeded: boolean,
  options: OperateOptions,
): void {
  const { scope } = service;
  const { name } = plan;
  const target = tracked[name];
  if (target === undefined || !isOfWhole(plan, options)) return;
  write(() =>
    store.immediate(() => {
      if (name === 'stop') resetTasks(service, store, clock.now());
      const table = instanceTable(store);
      if (succeeded) table.clearState(scope);
      else table.setState(scope, { status: `${name} failed`, target, since: clock.now() });
    }),
  );
}

export interface RefreshOptions {
  /** Whether agents in containers are asked. Default: when nothing was kept of what they said. */
  readonly inside?: Freshness;
  /** Of the configuration that `service` was read from. Default: that of now. */
  readonly stamp?: string;
  /** After an action: what it was to stop. Default: somebody only looks. */
  readonly stopped?: Look['stopped'];
}

/** Evaluates what is not known yet, and keeps the result. */
export async function refresh(
  service: Service,
  statuses: Statuses,
  around: Surroundings,
  store: Store,
  { inside = 'kept', stamp = fileStamp(service.file) ?? '', stopped }: RefreshOptions = {},
): Promise<{ document: InstanceDocument; unrecorded: Error | undefined }> {
  const since = around.clock.now();
  const state = instanceTable(store).state(service.scope);
  const all = await statuses.all();
  const inner = await innerInstancesOf(service, statuses, around, inside);
  const document = instanceDocument(service, all, around, state, inner);
  const unrecorded = write(() => {
    storeInstance(store, document, stamp, { since, ...(stopped && { stopped }) });
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
