/** nodemgr print schedule: the node tasks with their last run and schedule. */
import { defineCommand } from '../command.js';
import { printSchedule } from '../print-schedule.js';

export default defineCommand({
  options: {
    verbose: { type: 'boolean', alias: 'v', default: false, describe: 'add the next run' },
  },
  examples: [
    ['$0 print schedule --verbose', 'the table with the next run of each task'],
    ['$0 print schedule --format json', 'the same for programs'],
  ],
  async run(app, args) {
    await printSchedule(app, args, (scope) => scope === 'node');
    return 0;
  },
});
