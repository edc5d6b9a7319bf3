import { AgentError } from '../../errors/agent-error.js';
import type { InstalledService } from '../../service/installed.js';
import type { InstanceDocument } from '../../service/known-instance.js';
import { refresh } from '../../service/operate.js';
import { openService } from '../../service/service.js';
import { statusesOf } from '../../service/statuses.js';
import type { App } from '../app.js';
import type { GlobalArgs } from '../global-args.js';
import { serviceContext } from '../service-context.js';
import { surroundingsOf } from './service-console.js';

/** So many services are evaluated at once. */
const parallel = 8;

/**
 * Asks the drivers of some services and keeps what they say. A service that cannot be read is told
 * on stderr and left out. A store that takes no writes costs one warning.
 *
 * @param options.inside whether agents in containers are asked too
 */
export async function refreshInstances(
  app: App,
  services: readonly InstalledService[],
  args: GlobalArgs,
  { inside }: { inside: 'now' | 'known' },
): Promise<Map<string, InstanceDocument>> {
  const store = await app.store();
  const around = await surroundingsOf(app, args, { dataOnStdout: true });
  const documents = new Map<string, InstanceDocument>();
  const queue = [...services];
  let warned = false;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        const service = await openService(next.file, serviceContext(app));
        const { document, unrecorded } = await refresh(
          service,
          statusesOf(around, service),
          around,
          store,
          { inside },
        );
        documents.set(next.scope, document);
        if (unrecorded && !warned) {
          warned = true;
          app.note(`warning: ${unrecorded.message}; the status is shown, not kept`);
        }
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        app.note(`svcmgr: ${error.message}`);
        if (error.remedy) app.note(`  ${error.remedy}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, services.length) }, worker));
  return documents;
}
