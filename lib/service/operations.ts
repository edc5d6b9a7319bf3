import { AgentError } from '../errors/agent-error.js';
import { freezeGroup, killGroupAt } from '../exec/named-groups.js';
import { instanceTable } from '../store/instances.js';
import type { Store } from '../store/store.js';
import {
  type DriverVerb,
  type GroupVerb,
  isSync,
  ResourceError,
  type SyncVerb,
  syncWord,
} from './act.js';
import { withActionLock } from './action-lock.js';
import { recorded } from './action-record.js';
import type { Surroundings } from './context.js';
import { filterResources, isFiltered } from './filter.js';
import { guard, heartbeatOf } from './guard.js';
import { hasInside } from './inner-instances.js';
import { isListed } from './legacy-lists.js';
import { lockWait, type OperateOptions, operate } from './operate.js';
import { type PlanName, plans } from './plans.js';
import { postsyncOn } from './postsync.js';
import { serviceGroup } from './process-group.js';
import type { Service } from './service.js';
import { resetTasks } from './task-status.js';

type Operation = (
  service: Service,
  around: Surroundings,
  store: Store,
  options: OperateOptions,
) => Promise<void>;

/** One plan as an operation. */
const ofPlan =
  (name: PlanName): Operation =>
  (service, around, store, options) =>
    operate(service, plans[name], around, store, options);

/** Several plans and operations, one after the other, under one lock. */
function inTurn(
  intent: string,
  parts: readonly (PlanName | Operation)[],
  lock?: 'sync',
): Operation {
  return async (service, around, store, options) => {
    const all = async (): Promise<void> => {
      for (const part of parts) {
        const operation = typeof part === 'string' ? ofPlan(part) : part;
        await operation(service, around, store, options);
      }
    };
    if (options.dryRun) return all();
    const waitMs = lockWait(service, options);
    const wait = { intent, waitMs, object: service.scope, kind: lock };
    await withActionLock(service, around.paths, wait, all);
  };
}

/**
 * Writes what goes to the other nodes, of all resources, whichever copies were chosen. Where that fails,
 * the copies go with what was written last.
 */
const presync: Operation = async (service, around, store, options) => {
  if (!service.resources.some(({ driver }) => driver?.presync)) return;
  const { rid: _rid, tags: _tags, subsets: _subsets, ...others } = options;
  try {
    await ofPlan('presync')(service, around, store, others);
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error;
  }
};

/** The nodes that got a copy take it in when the lock of the copies is free again. */
function withPostsync(operation: Operation): Operation {
  return async (service, around, store, options) => {
    const nodes = new Set<string>();
    const onSynced = (node: string): void => void nodes.add(node);
    try {
      await operation(service, around, store, { ...options, onSynced });
    } finally {
      if (!options.signal?.aborted) await postsyncOn([...nodes], service, around, options);
    }
  };
}

/**
 * What the start of the system does: starts the instance where `autostart_node` says so, else only
 * its standby resources. Tries of the resource monitor start anew.
 */
const boot: Operation = async (service, around, store, options) => {
  if (!options.dryRun) {
    store.immediate(() => {
      instanceTable(store).clear(service.scope);
      resetTasks(service, store, around.clock.now());
    });
  }
  // Where the service runs, a cluster manager decides.
  const isWanted =
    isListed(service.source.evaluator, service.header.autostart_node ?? []) &&
    !heartbeatOf(service);
  if (!isWanted) return ofPlan('startstandby')(service, around, store, options);
  try {
    await ofPlan('start')(service, around, store, options);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    around.logOf(service).error(`boot: ${error.message}; starting the standby resources`);
    await ofPlan('startstandby')(service, around, store, options);
    throw error;
  }
};

/** Of the whole service, its tasks included; then of what has groups of its own, containers too. */
function onGroup(name: GroupVerb): Operation {
  return async (service, around, store, options) => {
    const group = serviceGroup(service.scope);
    if (!isFiltered(options)) {
      around.logOf(service).info(`${name.replace('_', ' ')} ${group}`);
      if (!options.dryRun) await groupWorks[name](group);
    }
    await ofPlan(name)(service, around, store, options);
  };
}

const groupWorks: Readonly<Record<GroupVerb, (group: string) => Promise<unknown>>> = {
  pg_freeze: async (group) => freezeGroup(group, 'frozen'),
  pg_thaw: async (group) => freezeGroup(group, 'thawed'),
  pg_kill: killGroupAt,
};

/** With a cluster manager the end of the system is its business. */
const shutdown: Operation = async (service, around, store, options) => {
  const heartbeat = heartbeatOf(service);
  if (!heartbeat) return ofPlan('shutdown')(service, around, store, options);
  around.logOf(service).info(`${heartbeat.rid}: its cluster manager stops the service`);
};

/** A synchronisation that no driver of the service has leaves everything untouched, and says so. */
function whereDriven(name: SyncVerb, operation: Operation): Operation {
  const verb = syncWord(name);
  return async (service, around, store, options) => {
    const chosen = filterResources(service.resources, options, service.scope);
    if (chosen.some(({ driver, disabled }) => !disabled && driver?.sync?.[verb])) {
      return operation(service, around, store, options);
    }
    guard(service, name, around, options);
    const text = `no resource has a driver for sync ${verb}: nothing was changed`;
    around.logOf(service)[options.cron ? 'debug' : 'info'](text);
  };
}

const planned = Object.fromEntries(
  Object.keys(plans).map((name): [string, Operation] => {
    const operation = ofPlan(name as PlanName);
    const isCopy = isSync(name as DriverVerb);
    return [name, isCopy ? whereDriven(name as SyncVerb, withPostsync(operation)) : operation];
  }),
) as Record<PlanName, Operation>;

const works = {
  ...planned,
  restart: inTurn('restart', ['stop', 'start']),
  sync_all: withPostsync(
    inTurn('sync_all', [presync, 'sync_nodes', 'sync_drp', 'sync_update'], 'sync'),
  ),
  pg_freeze: onGroup('pg_freeze'),
  pg_thaw: onGroup('pg_thaw'),
  pg_kill: onGroup('pg_kill'),
  resync: inTurn('resync', ['stop', 'sync_resync', 'start']),
  boot,
  shutdown,
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof works;

/** Everything that changes the resources of a service, by its command. */
export const operations = Object.fromEntries(
  Object.entries<Operation>(works).map(([name, work]): [string, Operation] => [
    name,
    (service, around, store, options) =>
      recorded(service, name, around, options, async () => {
        if (hasInside(service)) {
          const { requireLevels } = await import('./encap/levels.js');
          requireLevels(service, name, options);
        }
        await work(service, around, store, options);
      }),
  ]),
) as Record<OperationName, Operation>;
