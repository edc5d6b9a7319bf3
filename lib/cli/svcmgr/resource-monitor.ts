/** svcmgr resource monitor, toc: what the tick does for failed resources, by hand. */
import { AgentError } from '../../errors/agent-error.js';
import type { Surroundings } from '../../service/context.js';
import monitorResources from '../../service/monitor-resources.js';
import { openService, type Service } from '../../service/service.js';
import { takeMonitorAction } from '../../service/toc.js';
import type { Store } from '../../store/store.js';
import type { App } from '../app.js';
import { type Args, type Command, defineCommand, dryRunOption } from '../command.js';
import { serviceContext } from '../service-context.js';
import { eachService } from './each-service.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

export const resourceMonitor: Command<typeof selectorOption> = defineCommand({
  options: selectorOption,
  examples: [['$0 -s web resource monitor', 'start failed resources again, as the tick does']],
  run: (app, args) =>
    eachOpened(app, args, async (service, around, store) => {
      const { state, reason } = await monitorResources(service, around, store);
      if (state === 'skipped') app.note(`${service.scope}: ${reason}`);
    }),
});

const tocOptions = {
  ...selectorOption,
  ...dryRunOption('show what would be done, change nothing'),
} as const;

export const toc: Command<typeof tocOptions> = defineCommand({
  options: tocOptions,
  examples: [['$0 -s web toc --dry-run', 'what monitor_action would do']],
  run: (app, args) =>
    eachOpened(app, args, async (service, around, store) => {
      if (service.header.monitor_action === undefined) {
        throw new AgentError('E_NO_MONITOR_ACTION', `${service.scope}: it has no monitor_action`, {
          remedy: `svcmgr -s ${service.scope} set --kw monitor_action=freezestop`,
        });
      }
      await takeMonitorAction(service, around, store, { dryRun: args['dry-run'] });
    }),
});

async function eachOpened(
  app: App,
  args: Args<typeof selectorOption> & { 'dry-run'?: boolean },
  work: (service: Service, around: Surroundings, store: Store) => Promise<void>,
): Promise<number> {
  const services = await selected(app, args);
  const store = await app.store();
  const around = await surroundingsOf(app, args);
  return eachService(app, services, async ({ file }) => {
    await work(await openService(file, serviceContext(app)), around, store);
    return 0;
  });
}
