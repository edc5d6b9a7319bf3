import { actionContext, type Surroundings } from './context.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';
import { openService } from './service.js';
import { statusesOf } from './statuses.js';
import { createSurroundings } from './surroundings.js';
import type { TaskServices } from './task-request.js';

/**
 * Makes the engine of a resource answer, outside of any action: starts the daemon that its service has
 * for itself.
 *
 * @throws AgentError when it does not come up
 */
export async function wakeEngine(
  service: Service,
  resource: Resource,
  around: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const { driver, values } = resource;
  if (!driver?.wake || !values) return;
  const context = actionContext(around, service, resource, statusesOf(around, service).of, {
    action: 'wake',
    dryRun: false,
    force: false,
    interrupt: { signal },
    environment: {},
    undo: () => undefined,
    synced: () => undefined,
    prepared: new Set(),
    setKeywords: async () => undefined,
  });
  await driver.wake(values as never, context);
}

/** The same for a task that is run without the rest of its service. */
export async function wakeEngineOfTask(
  file: string,
  rid: string,
  services: TaskServices,
  signal: AbortSignal,
): Promise<void> {
  const { nodeConf, run, lastRun } = services;
  const service = await openService(file, services);
  const resource = service.resources.find((candidate) => candidate.rid === rid);
  const around = createSurroundings({
    ...services,
    rsh: nodeConf('node', 'rsh'),
    nodeEnv: nodeConf('node', 'env'),
  });
  if (resource) await wakeEngine(service, resource, { ...around, run, lastRun }, signal);
}
