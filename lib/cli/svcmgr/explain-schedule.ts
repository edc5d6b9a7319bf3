/** svcmgr explain schedule: why a task of a service runs or does not run. */
import { defineCommand } from '../command.js';
import { explainOptions, explainSchedule } from '../explain-schedule.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: { ...selectorOption, ...explainOptions },
  operands: [
    { name: 'RID', describe: 'as in `print schedule`, for example task#1', required: true },
  ],
  examples: [['$0 -s web explain schedule task#1', 'each constraint, and the next runs']],
  async run(app, args) {
    const { scope } = await selectedOne(app, args);
    await explainSchedule(app, args, scope, args.operands[0] ?? '');
    return 0;
  },
});
