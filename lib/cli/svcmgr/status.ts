/** svcmgr status: nothing but an exit code. */
import { statusCodes } from '../../status/values.js';
import { defineCommand } from '../command.js';
import { instancesOf, refreshOption } from './instances.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    ...refreshOption,
  },
  examples: [
    ['$0 -s web status', 'exit 0 up, 1 down, 2 warn, 3 n/a, 5 undef, 6 stdby up, 7 stdby down'],
  ],
  async run(app, args) {
    const service = await selectedOne(app, args);
    const [instance] = await instancesOf(app, [service], args, { refresh: args.refresh });
    return instance ? statusCodes[instance.overall] : 1;
  },
});
