/** svcmgr resource monitor, toc: what the tick does for failed resources, by hand. */
import { AgentError } from '../../errors/agent-error.js';
import monitorResources from '../../service/monitor-resources.js';
import { openService } from '../../service/service.js';
import { takeMonitorAction } from '../../service/toc.js';
import { type Command, defineCommand } from '../command.js';
import { serviceContext } from '../service-context.js';
import { eachService } from './each-service.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

export const resourceMonitor: Command<typeof selectorOption> = defineCommand({
  options: selectorOption,
  examples: [['$0 -s web resource monitor', 'start failed resources again, as the tick does']],
  async run(app, args) {
    const services = await selected(app, args);
    const store = await app.store();
    const around = await surroundingsOf(app, args);
    return eachService(app, services, async ({ file, scope }) => {
      const service = await openService(file, serviceContext(app));
      const { state, reason } = await monitorResources(service, around, store);
      if (state === 'skipped') app.note(`${scope}: ${reason}`);
      return 0;
    });
  },
});

const tocOptions = {
  ...selectorOption,
  'dry-run': {
    type: 'boolean',
    alias: 'n',
    default: false,
    describe: 'show what would be done, change nothing',
  },
} as const;

export const toc: Command<typeof tocOptions> = defineCommand({
  options: tocOptions,
  examples: [['$0 -s web toc --dry-run', 'what monitor_action would do']],
  async run(app, args) {
    const services = await selected(app, args);
    const store = await app.store();
    const around = await surroundingsOf(app, args);
    return eachService(app, services, async ({ file, scope }) => {
      const service = await openService(file, serviceContext(app));
      if (service.header.monitor_action === undefined) {
        throw new AgentError('E_NO_MONITOR_ACTION', `${scope}: it has no monitor_action`, {
          remedy: `svcmgr -s ${scope} set --kw monitor_action=freezestop`,
        });
      }
      await takeMonitorAction(service, around, store, { dryRun: args['dry-run'] });
      return 0;
    });
  },
});
