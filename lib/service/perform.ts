import { editConfigFile } from '../config/file.js';
import { Leave } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import type { Action } from './act.js';
import type { ActionPlan, PerformOptions } from './action-plan.js';
import { requireAffinity } from './affinity.js';
import { type ActionSurroundings, readContext, type Surroundings } from './context.js';
import type { InsidePart } from './encap/act-inside.js';
import { actionEnvironment, resolveNames } from './environment.js';
import { filterResources, withCompanions } from './filter.js';
import { hasInside } from './inner-instances.js';
import { namesLevels } from './level-filter.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';
import { type Statuses, statusesOf } from './statuses.js';
import { runTriggers } from './triggers.js';
import { rollBack, walk } from './walk.js';

/**
 * Takes a service through an action: triggers of the service, its resources in order, rollback. The
 * caller holds the lock of the service.
 *
 * @returns the statuses afterwards
 * @throws AgentError of what failed, after the rollback
 */
export async function perform(
  service: Service,
  plan: ActionPlan,
  around: Surroundings,
  options: PerformOptions = {},
): Promise<Statuses> {
  const statuses = statusesOf(around, service);
  const { resources } = service;
  const selected = filterResources(resources, options, service.scope);
  const chosen = withCompanions(selected, resources, plan.direction).filter(
    plan.only ?? (() => true),
  );
  requireLast(service, options.last);
  const log = around.logOf(service);
  const shared: Omit<ActionSurroundings, 'undo'> = {
    action: plan.name,
    destination: options.destination,
    dryRun: options.dryRun ?? false,
    force: (options.force ?? false) || (plan.force ?? false),
    interrupt: { signal: options.signal ?? new AbortController().signal },
    environment: actionEnvironment(service, plan.name, {
      extra: options.env ?? {},
      addresses: await resolveNames(service, around.run),
    }),
    prepared: new Set(),
    synced: (node) => options.onSynced?.(node),
    setKeywords: (rid, values) => setKeywords(service, around, rid, values),
  };
  const action: Action = {
    working: new Set(),
    onProgress: options.onProgress,
    around,
    service,
    statuses,
    shared,
    cron: options.cron ?? false,
    undos: [],
  };
  const triggers = {
    run: around.run,
    log,
    dryRun: shared.dryRun,
    signal: shared.interrupt.signal,
    environment: shared.environment,
  };
  const { evaluator } = service.source;
  const inside = await insideOf(plan, selected, action, options);
  const here = inside?.here ?? true;
  try {
    if (here) {
      if (plan.verb === 'start' || plan.verb === 'provision') await refuseConflicts(chosen, action);
      // A container has no other services to look at.
      if (plan.isInstanceStart && !service.isEncapNode) {
        await requireAffinity(service, around, { ignored: options.ignoreAffinity ?? false });
      }
      await runTriggers(evaluator, 'DEFAULT', 'pre', plan.name, triggers);
    }
    await inside?.before();
    if (here) await walk(chosen, { ...plan, last: options.last }, action);
    await inside?.after();
    if (here) await runTriggers(evaluator, 'DEFAULT', 'post', plan.name, triggers);
  } catch (error) {
    if (error instanceof Leave && error.what === 'action') return statuses;
    const interrupted = shared.interrupt.signal.aborted;
    const wanted = plan.rollsBack && !options.disableRollback && service.header.rollback !== false;
    if (wanted && !shared.dryRun) await rollBack(action);
    if (!interrupted) throw error;
    throw new AgentError('E_INTERRUPTED', `${service.scope}: ${plan.name} was interrupted`, {
      cause: error,
    });
  }
  return statuses;
}

/** Most services have nothing inside of containers: nothing is loaded for those. */
async function insideOf(
  plan: ActionPlan,
  chosen: readonly Resource[],
  action: Action,
  options: PerformOptions,
): Promise<InsidePart | undefined> {
  if (!hasInside(action.service) && !namesLevels(options)) return undefined;
  const { insidePart } = await import('./encap/act-inside.js');
  return insidePart(plan, chosen, action, options);
}

/** A walk that never comes to its last resource would do everything. @throws AgentError `E_NO_RESOURCE` */
function requireLast({ resources, scope }: Service, last: string | undefined): void {
  if (last === undefined || resources.some(({ rid, group }) => rid === last || group === last)) {
    return;
  }
  throw new AgentError('E_NO_RESOURCE', `${scope}: no resource or group is named ${last}`, {
    remedy: `see \`svcmgr -s ${scope} print status\``,
  });
}

/** Asks all resources at once whether somebody else has what they would take; nothing is started then. */
async function refuseConflicts(chosen: readonly Resource[], action: Action): Promise<void> {
  const { around, service, statuses } = action;
  const conflicts = await Promise.all(
    chosen.map(async (resource) => {
      const { driver, values, disabled, inside, rid } = resource;
      if (!driver?.conflict || !values || disabled || inside) return undefined;
      const context = readContext(around, service, resource, statuses.of);
      const conflict = await driver.conflict(values as never, context);
      if (conflict !== undefined) around.logOf(service, rid).error(conflict);
      return conflict === undefined ? undefined : rid;
    }),
  );
  const rids = conflicts.filter((rid) => rid !== undefined);
  if (rids.length === 0) return;
  throw new AgentError('E_CONFLICT', `${service.scope}: in use elsewhere: ${rids.join(', ')}`, {
    remedy: 'stop what has it, or correct the configuration; nothing was started',
  });
}

async function setKeywords(
  { file }: Service,
  { paths }: Surroundings,
  rid: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const { whileEditing } = await import('../lock/edit-lock.js');
  const edits = Object.entries(values).map(
    ([key, value]) => ({ op: 'set', section: rid, key, value }) as const,
  );
  await whileEditing(paths, 'provision', () => editConfigFile(file, edits));
}
