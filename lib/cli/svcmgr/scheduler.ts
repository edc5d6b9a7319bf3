/** svcmgr scheduler: the service part of the minute job, for all services or some. */
import { tick } from '../../scheduler/tick.js';
import { defineCommand } from '../command.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    cron: { type: 'boolean', default: true, describe: 'accepted: schedules always count here' },
  },
  examples: [['$0 -s web scheduler', 'run the tasks of one service that are due']],
  async run(app, args) {
    const scopes = new Set(
      (await selected(app, args, { mayBeEmpty: 'unselected' })).map(({ scope }) => scope),
    );
    await tick(await app.scheduler(), ({ scope }) => scopes.has(scope));
    return 0;
  },
});
