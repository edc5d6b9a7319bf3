import { objectConfigFile, parseObjectPath } from '../config/object-path.js';
import type { RunOutcome } from '../driver/contract.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import type { Run } from '../exec/run.js';
import type { Syslog } from '../log/syslog.js';
import type { Store } from '../store/store.js';
import type { TaskKey } from '../store/tasks.js';
import { doneOutcome } from './outcome.js';
import { scheduledActions, syncAction } from './scheduled-actions.js';
import { openService, type Service } from './service.js';
import { createSurroundings } from './surroundings.js';
import { lastRunIn } from './task-status.js';

export interface ScheduledServices {
  paths: Paths;
  nodename: string;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  run: Run;
  nodeConf: (section: string, key: string) => string | undefined;
  store: Store;
  syslog: Syslog | undefined;
}

/**
 * Runs one scheduled action of a service.
 * A synchronisation is of one resource, its section.
 * @throws AgentError when the service cannot be used or the action fails
 */
export async function runScheduledAction(
  { scope, action, section }: TaskKey,
  services: ScheduledServices,
): Promise<RunOutcome> {
  const file = objectConfigFile(services.paths, parseObjectPath(scope));
  const service = await openService(file, services);
  const around = {
    ...createSurroundings({
      ...services,
      rsh: services.nodeConf('node', 'rsh'),
      nodeEnv: services.nodeConf('node', 'env'),
    }),
    run: services.run,
    lastRun: lastRunIn(async () => services.store),
  };
  if (action === syncAction) {
    const { operations } = await import('./operations.js');
    // What another synchronisation does already is not waited for.
    const options = { rid: section, cron: true, waitLockMs: 0 };
    await operations.sync_all(strict(service), around, services.store, options);
    return doneOutcome;
  }
  const entry = scheduledActions.find(({ name }) => name === action);
  if (!entry) throw new AgentError('E_NO_ACTION', `${scope}: no action is named ${action}`);
  const { default: act } = await entry.load();
  return act(service, around, services.store);
}

/** Whoever schedules a copy wants to hear that it failed: its error is not ignored. */
function strict(service: Service): Service {
  const resources = service.resources.map((resource) => ({ ...resource, optional: false }));
  return { ...service, resources };
}
