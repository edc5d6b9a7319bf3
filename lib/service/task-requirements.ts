import type { Status } from '../status/values.js';
import { openService } from './service.js';
import { statusesOf } from './statuses.js';
import { createSurroundings } from './surroundings.js';
import type { TaskServices } from './task-request.js';

/** How the resources of a service are now, for a task that requires them; undefined: no such one. */
export async function statusOfResources(
  file: string,
  services: TaskServices,
): Promise<(rid: string) => Promise<Status | undefined>> {
  const { nodeConf, run, lastRun } = services;
  const service = await openService(file, services);
  const around = createSurroundings({
    ...services,
    rsh: nodeConf('node', 'rsh'),
    nodeEnv: nodeConf('node', 'env'),
  });
  const statuses = statusesOf({ ...around, run, lastRun }, service);
  return async (rid) => {
    const resource = service.resources.find((candidate) => candidate.rid === rid);
    return resource && (await statuses.of(resource)).status;
  };
}
