/** svcmgr print runs: the ledger of services. */
import { defineCommand } from '../command.js';
import { printRuns, printRunsOptions } from '../print-runs.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: { ...selectorOption, ...printRunsOptions },
  examples: [['$0 -s web print runs --failed', 'what went wrong in one service']],
  async run(app, args) {
    const scope = args.service === undefined ? undefined : selectedOne(app, args.service).scope;
    await printRuns(app, args, { scope, servicesOnly: true });
    return 0;
  },
});
