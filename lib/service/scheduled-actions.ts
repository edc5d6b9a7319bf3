import type { Keyword } from '../config/keyword.js';
import type { Evaluator } from '../config/values.js';
import type { RunOutcome } from '../driver/contract.js';
import type { Store } from '../store/store.js';
import type { Surroundings } from './context.js';
import { membershipOf } from './membership.js';
import { groupOf } from './sections.js';
import type { Service } from './service.js';

/** What the scheduler runs for a service besides its tasks (spec service 10). */
export interface ScheduledAction {
  /** As in `print schedule`. */
  readonly name: string;
  /** The keyword of DEFAULT that holds its schedule. */
  readonly key: string;
  readonly aliases: readonly string[];
  /** Whether a service has it at all. */
  isPresent(evaluator: Evaluator): boolean;
  load(): Promise<{
    default: (service: Service, around: Surroundings, store: Store) => Promise<RunOutcome>;
  }>;
}

/** The action of resources that copy to other nodes; each has a row of its own. */
export const syncAction = 'sync_all';

const truths = /^(yes|y|true|t|1)$/i;

export const scheduledActions: readonly ScheduledAction[] = [
  {
    name: 'push_service_status',
    key: 'mon_schedule',
    aliases: ['status_schedule'],
    // The node that the container runs on asks for it.
    isPresent: (evaluator) => !membershipOf(evaluator).isEncapNode,
    load: () => import('./refresh-status.js'),
  },
  {
    name: 'resource_monitor',
    key: 'monitor_schedule',
    aliases: [],
    isPresent: hasMonitored,
    load: () => import('./monitor-resources.js'),
  },
];

/** A resource that is monitored or restarted, or the schedule is written down. */
function hasMonitored(evaluator: Evaluator): boolean {
  if (evaluator.find('DEFAULT', 'monitor_schedule')) return true;
  return evaluator.ini.sections.some(({ name }) => {
    if (!groupOf(name)) return false;
    const text = (key: string): string =>
      evaluator.find(name, key, watched)?.text.trim().toLowerCase() ?? '';
    return (
      truths.test(text('monitor')) || /^[1-9]/.test(text('restart')) || text('monitor_on') !== ''
    );
  });
}

/** How the keywords that ask for the monitor are looked for. */
const watched: Keyword = { kind: 'string', scopable: true, text: '' };
