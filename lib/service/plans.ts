import { isAccessory } from '../status/aggregate.js';
import type { ActionPlan } from './perform.js';

/** Actions that go through the resources of a service, by name (spec service 6.5). */
export const plans = {
  start: { name: 'start', verb: 'start', direction: 'start', rollsBack: true },
  stop: { name: 'stop', verb: 'stop', direction: 'stop' },
  shutdown: { name: 'shutdown', verb: 'stop', direction: 'stop', force: true },
  startstandby: {
    name: 'startstandby',
    verb: 'start',
    direction: 'start',
    rollsBack: true,
    only: ({ standby }) => standby,
  },
  provision: {
    name: 'provision',
    verb: 'provision',
    direction: 'start',
    rollsBack: true,
    only: ({ provision, group }) => provision && !isAccessory(group),
  },
  unprovision: {
    name: 'unprovision',
    verb: 'unprovision',
    direction: 'stop',
    only: ({ provision, unprovision }) => provision && unprovision,
  },
} as const satisfies Record<string, ActionPlan>;
