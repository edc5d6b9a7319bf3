/** The part of an action that the agents inside the containers of a service do. */
import { AgentError } from '../../errors/agent-error.js';
import { isUp } from '../../status/values.js';
import { type Action, ResourceError } from '../act.js';
import type { ActionPlan, PerformOptions } from '../action-plan.js';
import { messageOf } from '../context.js';
import type { InnerDocument } from '../known-instance.js';
import type { Resource } from '../resource.js';
import { type InnerAgent, startsItself } from './agents.js';
import { innerInstance } from './instances.js';
import { levelsOf } from './levels.js';
import { isRunning, UnreachableError } from './reach.js';
import { sendInside } from './send.js';

/** What to do around the walk through our own resources. */
export interface InsidePart {
  /** Whether there is such a walk at all. */
  readonly here: boolean;
  before(): Promise<void>;
  after(): Promise<void>;
}

/**
 * @param chosen what the filter of resources leaves, all without one
 * @throws AgentError for containers that cannot be chosen
 */
export async function insidePart(
  plan: ActionPlan,
  chosen: readonly Resource[],
  action: Action,
  options: PerformOptions,
): Promise<InsidePart> {
  const { service, around } = action;
  const levels = levelsOf(service, options, chosen, around);
  const work = plan.inside;
  // A walk that ends early does not come to what is inside.
  const agents = work && !(work.when === 'after' && options.last) ? levels.agents : [];
  const forward = work?.when === 'after' ? agents : agents.toReversed();
  const known = new Map<InnerAgent, InnerDocument>();
  if (plan.rollsBack && !action.shared.dryRun) {
    for (const agent of agents) {
      known.set(agent, await innerInstance(agent, service, action.statuses, around, 'kept'));
    }
  }
  const all = async (): Promise<void> => {
    for (const agent of forward) {
      await onOne(agent, plan, action, options);
      const before = known.get(agent);
      if (before) undoLater(agent, before, action);
    }
  };
  return {
    here: levels.here,
    before: async () => void (work?.when === 'before' && (await all())),
    after: async () => void (work?.when === 'after' && (await all())),
  };
}

/** @throws ResourceError of the container when its agent failed */
async function onOne(
  agent: InnerAgent,
  plan: ActionPlan,
  action: Action,
  options: PerformOptions,
): Promise<void> {
  const { service, around, shared, statuses } = action;
  const { rid, optional } = agent.resource;
  const log = around.logOf(service, rid);
  const { command, when, isTolerant = false } = plan.inside ?? { command: '', when: 'after' };
  shared.interrupt.signal.throwIfAborted();
  if (!(await isRunning(agent, statuses))) {
    const isPlanned = shared.dryRun && when === 'after' && options.master !== true;
    log.info(
      isPlanned
        ? `${command} in ${agent.hostname} once it runs`
        : `no ${command} in ${agent.hostname}: the container is not up`,
    );
    return;
  }
  if (command === 'start' && isLeftToItsBoot(agent, action, options)) {
    log.info(`${agent.hostname} starts its instance itself (autostart_node)`);
    return;
  }
  try {
    await sendInside(agent, service, [command, ...forwarded(options)], around, {
      ...{ signal: shared.interrupt.signal, dryRun: shared.dryRun },
      patienceMs: when === 'after' ? agent.startTimeoutMs : 0,
    });
  } catch (error) {
    if (!(error instanceof AgentError) || shared.interrupt.signal.aborted) throw error;
    // What cannot be told to stop is stopped with its container.
    if (isTolerant || (error instanceof UnreachableError && when === 'before')) {
      log.warn(messageOf(error));
      return;
    }
    log.error(messageOf(error));
    if (!optional) throw new ResourceError(rid, messageOf(error), error);
    log.info('the resource is optional: its error is ignored');
  } finally {
    if (!shared.dryRun) statuses.forget();
  }
}

/** Whoever names a container or a resource means it. */
function isLeftToItsBoot(agent: InnerAgent, { service }: Action, options: PerformOptions): boolean {
  const { slave, slaves, rid, tags, subsets } = options;
  if (slave !== undefined || slaves || (rid ?? tags ?? subsets) !== undefined) return false;
  return startsItself(service, agent);
}

/** Options that count inside as well. */
function forwarded(options: PerformOptions): string[] {
  const { force, disableRollback, rid, tags, subsets } = options;
  return [
    ...(force ? ['--force'] : []),
    ...(disableRollback ? ['--disable-rollback'] : []),
    ...(rid === undefined ? [] : ['--rid', rid]),
    ...(tags === undefined ? [] : ['--tags', tags]),
    ...(subsets === undefined ? [] : ['--subsets', subsets]),
  ];
}

/** When something fails later, what was not up inside is stopped again; an agent that fails does so itself. */
function undoLater(agent: InnerAgent, before: InnerDocument, action: Action): void {
  const { service, around } = action;
  const rids = before.resources
    .filter(({ status, standby }) => !isUp(status) && status !== 'undef' && !standby)
    .map(({ rid }) => rid);
  if (rids.length === 0) return;
  action.undos.push({
    // What is taken back is inside: a container that is always on has no part in it.
    resource: { ...agent.resource, standby: false },
    work: async () => {
      if (!(await isRunning(agent, action.statuses))) return;
      await sendInside(agent, service, ['stop', '--rid', rids.join(',')], around, {
        ...{ signal: action.shared.interrupt.signal, dryRun: false },
        patienceMs: 0,
      });
    },
  });
}
