/** svcmgr print schedule: the scheduled tasks of services. */
import { defineCommand } from '../command.js';
import { printSchedule } from '../print-schedule.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    verbose: { type: 'boolean', alias: 'v', default: false, describe: 'add the next run' },
  },
  examples: [['$0 -s web print schedule', 'the tasks of one service']],
  async run(app, args) {
    const scopes = new Set(
      (await selected(app, args, { mayBeEmpty: 'unselected' })).map(({ scope }) => scope),
    );
    await printSchedule(app, args, (scope) => scopes.has(scope), {
      showObject: scopes.size > 1,
    });
    return 0;
  },
});
