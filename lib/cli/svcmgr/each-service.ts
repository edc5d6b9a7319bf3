/** One piece of work for each selected service: what fails in one does not stop the others. */
import { AgentError } from '../../errors/agent-error.js';
import type { InstalledService } from '../../service/installed.js';
import type { App } from '../app.js';

const mostExitCode = 255;
/** With `--parallel` so many services go at once. */
const parallelServices = 10;

/**
 * @param work answers an exit code; what it throws is told and counts as its exit code
 * @returns the sum of the codes
 */
export async function eachService(
  app: App,
  services: readonly InstalledService[],
  work: (service: InstalledService) => Promise<number>,
  { parallel = false }: { parallel?: boolean } = {},
): Promise<number> {
  const queue = [...services];
  let sum = 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const code = await attempt(app, next, work);
      sum += code;
    }
  };
  const workers = parallel ? Math.min(parallelServices, services.length) : 1;
  await Promise.all(Array.from({ length: workers }, worker));
  return Math.min(sum, mostExitCode);
}

async function attempt(
  app: App,
  service: InstalledService,
  work: (service: InstalledService) => Promise<number>,
): Promise<number> {
  try {
    return await work(service);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    // The lines of a resource that failed have been shown already.
    if (error.code !== 'E_RESOURCE') {
      app.note(`svcmgr: ${error.message}`);
      if (error.remedy) app.note(`  ${error.remedy}`);
    }
    return error.exitCode;
  }
}
