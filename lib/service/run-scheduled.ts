import { objectConfigFile, parseObjectPath } from '../config/object-path.js';
import type { RunOutcome } from '../driver/contract.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import type { Run } from '../exec/run.js';
import type { Store } from '../store/store.js';
import { scheduledActions } from './scheduled-actions.js';
import { openService } from './service.js';
import { createSurroundings } from './surroundings.js';

export interface ScheduledServices {
  paths: Paths;
  nodename: string;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  run: Run;
  nodeConf: (section: string, key: string) => string | undefined;
  store: Store;
}

/**
 * Runs one scheduled action of a service.
 * @throws AgentError when the service cannot be used or the action fails
 */
export async function runScheduledAction(
  scope: string,
  action: string,
  services: ScheduledServices,
): Promise<RunOutcome> {
  const entry = scheduledActions.find(({ name }) => name === action);
  if (!entry) throw new AgentError('E_NO_ACTION', `${scope}: no action is named ${action}`);
  const file = objectConfigFile(services.paths, parseObjectPath(scope));
  const service = await openService(file, services);
  const { default: act } = await entry.load();
  const around = {
    ...createSurroundings({
      ...services,
      rsh: services.nodeConf('node', 'rsh'),
      nodeEnv: services.nodeConf('node', 'env'),
    }),
    run: services.run,
  };
  return act(service, around, services.store);
}
