/** nodemgr print runs: what ran, what did not and why, of the node and of all services. */
import { defineCommand } from '../command.js';
import { printRuns, printRunsOptions } from '../print-runs.js';

export default defineCommand({
  options: {
    ...printRunsOptions,
    object: { type: 'string', value: 'NAME', describe: 'only `node`, or one service' },
  },
  examples: [
    ['$0 print runs --failed --since 24h', 'what went wrong today'],
    ['$0 print runs --task pushasset --limit 5', 'the last five inventories'],
  ],
  async run(app, args) {
    await printRuns(app, args, { scopes: args.object === undefined ? undefined : [args.object] });
    return 0;
  },
});
