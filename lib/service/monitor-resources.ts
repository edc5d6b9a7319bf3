import type { RunOutcome } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import { holderOf } from '../lock/lock.js';
import { isUp, type Status } from '../status/values.js';
import { instanceTable } from '../store/instances.js';
import type { Store } from '../store/store.js';
import { actionLock } from './action-lock.js';
import { recorded } from './action-record.js';
import type { Surroundings } from './context.js';
import { isFrozen, isNodeFrozen } from './frozen.js';
import { isDown } from './lost.js';
import { operate, refresh } from './operate.js';
import { doneOutcome, skippedOutcome } from './outcome.js';
import { plans } from './plans.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';
import { type ResourceStatus, statusesOf } from './statuses.js';
import { takeMonitorAction } from './toc.js';

/** A standby resource is started again at least so often. */
const leastTriesOfStandby = 2;

/**
 * resource_monitor (spec service 6.8): starts failed resources again as often as they allow, and takes
 * `monitor_action` when a monitored one stays down. It never acts on a frozen instance, while another
 * action is at work, or after a failed start that nobody cleared.
 */
export default async function monitorResources(
  service: Service,
  around: Surroundings,
  store: Store,
): Promise<RunOutcome> {
  if (isFrozen(service) || isNodeFrozen(around.paths)) return skippedOutcome('it is frozen');
  const holder = holderOf(actionLock(service));
  if (holder) return skippedOutcome(`${holder.intent} of process ${holder.pid} is at work`);
  const table = instanceTable(store);
  if (table.state(service.scope)?.status === 'start failed') {
    return skippedOutcome('the last start failed; see `svcmgr clear`');
  }

  const watched = service.resources.filter(
    (resource) =>
      !resource.disabled && !resource.inside && (resource.monitored || triesOf(resource) > 0),
  );
  const statuses = statusesOf(around, service);
  // What is lost is known from here on, whoever saw it first.
  await refresh(service, statuses, around, store);
  let isTried = false;
  for (const resource of watched) {
    const { status } = await statuses.of(resource);
    const isLost = table.tries(service.scope, resource.rid) !== undefined;
    if (isUp(status) && isLost) {
      store.immediate(() => table.clearTry(service.scope, resource.rid));
    }
    if (isLost && isDown(status) && (await restart(service, resource, status, around, store))) {
      isTried = true;
      statuses.forget();
    }
  }
  if (isTried) await refresh(service, statuses, around, store);

  const lost: Resource[] = [];
  for (const resource of watched) {
    const { tries } = table.tries(service.scope, resource.rid) ?? {};
    const isGivenUp = resource.monitored && tries === triesOf(resource);
    if (isGivenUp && isDown((await statuses.of(resource)).status)) lost.push(resource);
  }
  if (lost.length === 0) return doneOutcome;
  const all = await Promise.all(lost.map(statuses.of));
  around.logOf(service).info(`monitored and not up: ${all.map(tell).join('; ')}`);
  await takeMonitorAction(service, around, store, { origin: 'monitor' });
  // One more than are allowed: it was told, and is not told again until the resource was up.
  store.immediate(() => {
    for (const { rid } of lost) {
      if (table.tries(service.scope, rid)) table.addTry(service.scope, rid, around.clock.now());
    }
  });
  return doneOutcome;
}

function tell({ resource, status, notes }: ResourceStatus): string {
  const why = notes.map(({ text }) => text).join(', ');
  return `${resource.rid} ${status}${why === '' ? '' : ` (${why})`}`;
}

function triesOf({ restart, standby }: Resource): number {
  return standby && restart > 0 ? Math.max(restart, leastTriesOfStandby) : restart;
}

/** @returns whether the resource was tried */
async function restart(
  service: Service,
  resource: Resource,
  status: Status,
  around: Surroundings,
  store: Store,
): Promise<boolean> {
  const most = triesOf(resource);
  const { scope } = service;
  const table = instanceTable(store);
  const { tries, lastAt } = table.tries(scope, resource.rid) ?? { tries: 0, lastAt: 0 };
  if (tries >= most) return false;
  const now = around.clock.now();
  if (tries > 0 && now - lastAt < resource.restartDelayMs) return false;
  const log = around.logOf(service, resource.rid);
  log.info(`${status}: start it again, try ${tries + 1}/${most}`);
  store.immediate(() => table.addTry(scope, resource.rid, now));
  try {
    const options = {
      rid: resource.rid,
      waitLockMs: 0,
      origin: 'monitor',
      ignoreAffinity: true, // the instance is up already
    } as const;
    await recorded(service, 'start', around, options, () =>
      operate(service, plans.start, around, store, options),
    );
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    log.error(`try ${tries + 1}/${most} failed: ${error.message}`);
  }
  return true;
}
