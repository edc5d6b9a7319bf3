import { isAccessory } from '../status/aggregate.js';
import type { GroupVerb } from './act.js';
import type { ActionPlan, InsideWork } from './action-plan.js';
import { reservationDriver } from './reservation.js';

/** What the agents inside containers are told: what builds up goes from here to there, what takes down the other way. */
const after = (command: string): InsideWork => ({ command, when: 'after' });
const before = (command: string): InsideWork => ({ command, when: 'before' });

/** Actions on one group, or on what it stands on as well (spec service 6.5). */
const groupActions: Readonly<Record<string, readonly string[]>> = {
  ip: ['ip'],
  disk: [reservationDriver, 'volume', 'disk'],
  fs: [reservationDriver, 'volume', 'disk', 'fs'],
  share: ['share'],
  container: ['container'],
  app: ['app'],
};

const ofGroups = Object.fromEntries(
  Object.entries(groupActions).flatMap(([group, groups]): [string, ActionPlan][] => [
    [
      `start${group}`,
      {
        ...{ name: 'start', verb: 'start', direction: 'start', groups, rollsBack: true },
        inside: after(`start${group}`),
      },
    ],
    [
      `stop${group}`,
      { name: 'stop', verb: 'stop', direction: 'stop', groups, inside: before(`stop${group}`) },
    ],
  ]),
);

/** Synchronisations by their verb; which resources have it, their drivers say. */
const syncVerbs = [
  'nodes',
  'drp',
  'update',
  'full',
  'verify',
  'resync',
  'break',
  'restore',
  'resume',
  'quiesce',
  'split',
  'establish',
  'revert',
  'swap',
] as const;

const syncs = Object.fromEntries(
  syncVerbs.map((verb): [string, ActionPlan] => [
    `sync_${verb}`,
    {
      name: `sync_${verb}`,
      verb: `sync_${verb}`,
      direction: 'start',
      groups: ['sync'],
      lock: 'sync',
      inside: after(`sync_${verb}`),
    },
  ]),
) as Record<`sync_${(typeof syncVerbs)[number]}`, ActionPlan>;

/** What stands still, goes on or is ended where it stands: programs and containers. */
const groupPlan = (name: GroupVerb): ActionPlan => ({
  name,
  verb: name,
  direction: 'stop',
  groups: ['container', 'app'],
  inside: name === 'pg_thaw' ? after(name) : before(name),
});

/** Actions that go through the resources of a service, by their command. */
export const plans = {
  start: {
    name: 'start',
    verb: 'start',
    direction: 'start',
    rollsBack: true,
    isInstanceStart: true,
    inside: after('start'),
  },
  stop: { name: 'stop', verb: 'stop', direction: 'stop', inside: before('stop') },
  shutdown: {
    ...{ name: 'shutdown', verb: 'stop', direction: 'stop', force: true },
    inside: { ...before('shutdown'), isTolerant: true },
  },
  startstandby: {
    name: 'startstandby',
    verb: 'start',
    direction: 'start',
    rollsBack: true,
    only: ({ standby }) => standby,
    inside: after('startstandby'),
  },
  provision: {
    name: 'provision',
    verb: 'provision',
    direction: 'start',
    rollsBack: true,
    isInstanceStart: true,
    only: ({ provision, group }) => provision && !isAccessory(group),
    inside: after('provision'),
  },
  unprovision: {
    name: 'unprovision',
    verb: 'unprovision',
    direction: 'stop',
    force: true,
    only: ({ provision, unprovision }) => provision && unprovision,
    inside: before('unprovision'),
  },
  ...(ofGroups as Record<
    `${'start' | 'stop'}${'ip' | 'disk' | 'fs' | 'share' | 'container' | 'app'}`,
    ActionPlan
  >),
  ...syncs,
  prstart: {
    ...{ name: 'prstart', verb: 'start', direction: 'start', groups: [reservationDriver] },
    inside: after('prstart'),
  },
  prstop: {
    ...{ name: 'prstop', verb: 'stop', direction: 'stop', groups: [reservationDriver] },
    inside: before('prstop'),
  },
  stonith: { name: 'stonith', verb: 'stonith', direction: 'start', groups: ['stonith'] },
  presync: { name: 'presync', verb: 'presync', direction: 'start', lock: 'sync' },
  postsync: { name: 'postsync', verb: 'postsync', direction: 'start' },
  pg_freeze: groupPlan('pg_freeze'),
  pg_thaw: groupPlan('pg_thaw'),
  pg_kill: groupPlan('pg_kill'),
} as const satisfies Record<string, ActionPlan>;

export type PlanName = keyof typeof plans;
