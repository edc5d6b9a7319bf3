/** nodemgr install: the cron entry or the systemd timer that starts the minute job. */
import { AgentError } from '../../errors/agent-error.js';
import { defineCommand, dryRunOption } from '../command.js';
import { applySteps, type InstallStep, type Mechanism, planInstall } from '../minute-job.js';
import { defineShape, listDocument } from '../shape.js';

const shape = defineShape<InstallStep>({
  schema: 'nodemgr.install_step.1',
  describe: 'What `install` changes, or would change.',
  fields: {
    action: { type: 'write | remove | run | keep', describe: 'what is done', column: {} },
    target: { type: 'string', describe: 'the file, or the command', column: {} },
    content: { type: 'string | null', describe: 'what the file holds afterwards' },
  },
});

export default defineCommand({
  options: {
    cron: { type: 'boolean', default: false, describe: 'use cron' },
    systemd: { type: 'boolean', default: false, describe: 'use a systemd timer' },
    uninstall: { type: 'boolean', default: false, describe: 'remove both' },
    ...dryRunOption('say what would change'),
    destdir: {
      type: 'string',
      value: 'DIR',
      describe: 'write below this directory and start nothing (packages, images)',
    },
  },
  examples: [
    ['$0 install --cron', 'write /etc/cron.d/nodemgr, or the crontab of an ordinary user'],
    ['$0 install --systemd --dry-run', 'show the units without writing them'],
    ['$0 install --uninstall', 'stop being started every minute'],
  ],
  async run(app, args) {
    if (args.cron && args.systemd) {
      throw new AgentError('E_USAGE', '--cron and --systemd exclude each other', {
        exit: 'usage',
        remedy: 'one of them starts the minute job, never both',
      });
    }
    const wanted: Mechanism | 'none' | 'auto' = args.uninstall
      ? 'none'
      : args.cron
        ? 'cron'
        : args.systemd
          ? 'systemd'
          : 'auto';
    const steps = await planInstall(app, wanted, args.destdir ?? '');
    if (!args['dry-run']) await applySteps(app, steps, args.destdir !== undefined);
    await app.emit(listDocument(shape, steps), args);
    return 0;
  },
});
