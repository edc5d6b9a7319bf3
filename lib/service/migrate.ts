import { AgentError } from '../errors/agent-error.js';
import { isUp } from '../status/values.js';
import { withActionLock } from './action-lock.js';
import type { ActionPlan } from './action-plan.js';
import { guard } from './guard.js';
import { lockWait, operate } from './operate.js';
import { plans } from './plans.js';
import { onPeer, type Relocation, requireOther } from './relocate.js';
import type { Resource } from './resource.js';
import { statusesOf } from './statuses.js';

/** A step with what takes it back. */
interface Step {
  readonly work: () => Promise<void>;
  readonly back?: () => Promise<void>;
}

/**
 * Moves the containers of an instance to another node while they run, and what they stand on with
 * them (spec service 6.5): the reservations are given back here, the file systems started there, the
 * containers moved, the file systems stopped here, the reservations taken there.
 *
 * Until the containers have moved, a failure takes everything back.
 *
 * @throws AgentError for a node or a service with which that cannot be done, and for whatever fails
 */
export async function migrateTo(relocation: Relocation, node: string): Promise<void> {
  const { service, around, store, options } = relocation;
  requireOther(relocation, node);
  guard(service, 'migrate', around, options);
  const movable = await requireMovable(relocation);
  const rids = movable.map(({ rid }) => rid);
  const plan = migration(rids);
  const here = (part: ActionPlan) => operate(service, part, around, store, options);
  // An interrupted migration is taken back as a whole.
  const { signal: _signal, ...calm } = options;
  const backHere = (part: ActionPlan) => operate(service, part, around, store, calm);
  const backThere = (...words: string[]) => onPeer({ ...relocation, options: calm }, node, words);
  const move = () =>
    operate(service, plan, around, store, { ...options, destination: node, rid: rids.join(',') });
  const before: readonly Step[] = [
    { work: () => here(plans.prstop), back: () => backHere(plans.prstart) },
    {
      work: () => onPeer(relocation, node, ['startfs', '--master']),
      back: () => backThere('stopfs', '--master'),
    },
    { work: move },
  ];
  const all = async (): Promise<void> => {
    await withBack(before, relocation);
    // It runs there now: what fails from here on does not bring it back.
    const after = [
      () => here(plans.stopfs),
      () => onPeer(relocation, node, ['prstart', '--master']),
    ];
    const failures: unknown[] = [];
    for (const work of after) await work().catch((error: unknown) => void failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  if (options.dryRun) return all();
  const waitMs = lockWait(service, options);
  const lock = { intent: 'migrate', waitMs, object: service.scope, kind: undefined };
  await withActionLock(service, around.paths, lock, all);
}

const migration = (rids: readonly string[]): ActionPlan => ({
  name: 'migrate',
  verb: 'migrate',
  direction: 'start',
  groups: ['container'],
  only: ({ rid }) => rids.includes(rid),
});

/** One step after the other; one that fails takes back those before it and what it did itself. */
async function withBack(steps: readonly Step[], { service, around }: Relocation): Promise<void> {
  const done: Step[] = [];
  for (const step of steps) {
    done.push(step);
    try {
      await step.work();
    } catch (error) {
      const log = around.logOf(service);
      log.error('migrate: taking back what was done');
      for (const { back } of done.reverse()) {
        await back?.().catch((second: unknown) => {
          if (!(second instanceof AgentError)) throw second;
          log.error(`migrate: ${second.message}`);
        });
      }
      throw error;
    }
  }
}

/**
 * The containers that run here.
 * @throws AgentError when there is none, or one of them has to be stopped to be moved
 */
async function requireMovable({ service, around }: Relocation): Promise<Resource[]> {
  const { scope, resources } = service;
  const refuse = (text: string, remedy: string): AgentError =>
    new AgentError('E_NOT_MOVABLE', `${scope}: ${text}`, { remedy });
  const useSwitch = `svcmgr -s ${scope} switch stops it here and starts it there`;
  const used = resources.filter(({ disabled, encap }) => !disabled && !encap);
  const containers = used.filter(({ group }) => group === 'container');
  if (!containers.some(({ driver }) => driver?.migrate)) {
    throw refuse('it has no container that can be moved while it runs', useSwitch);
  }
  const statuses = statusesOf(around, service);
  const running: Resource[] = [];
  for (const container of containers) {
    if (isUp((await statuses.of(container)).status)) running.push(container);
  }
  const fixed = running.find(({ driver }) => !driver?.migrate);
  if (fixed) throw refuse(`${fixed.rid} cannot be moved while it runs`, useSwitch);
  if (running.length === 0) {
    throw refuse(
      `none of its containers runs on ${around.nodename}`,
      'start it where it shall run',
    );
  }
  // While the containers move, both nodes have what these stand on. What is standby is there for good.
  const single = used.filter(({ driver, standby }) => driver?.isForOneNode && !standby);
  for (const resource of single) {
    if (!isUp((await statuses.of(resource)).status)) continue;
    throw refuse(
      `both nodes would have ${resource.rid} (${resource.label}) at once, which destroys it`,
      `${useSwitch}; for a migration its disks have to be shared (raw, clustered or network)`,
    );
  }
  return running;
}
