/** nodemgr explain schedule: why a node task runs or does not run. */
import { defineCommand } from '../command.js';
import { explainOptions, explainSchedule } from '../explain-schedule.js';

export default defineCommand({
  options: explainOptions,
  operands: [{ name: 'ACTION', describe: 'as in `print schedule`', required: true }],
  examples: [
    ['$0 explain schedule pushasset', 'each constraint with pass or fail, and the next runs'],
    ["$0 explain schedule checks --at '2026-03-29 03:00'", 'at another time'],
  ],
  async run(app, args) {
    await explainSchedule(app, args, 'node', args.operands[0] ?? '');
    return 0;
  },
});
