/** svcmgr print runs: the ledger of services. */
import { defineCommand } from '../command.js';
import { printRuns, printRunsOptions } from '../print-runs.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: { ...selectorOption, ...printRunsOptions },
  examples: [['$0 -s web print runs --failed', 'what went wrong in one service']],
  async run(app, args) {
    // Without a selector also what is left of services that are gone.
    const scopes =
      args.service === undefined
        ? undefined
        : selected(app, args.service).map(({ scope }) => scope);
    await printRuns(app, args, { scopes, servicesOnly: true });
    return 0;
  },
});
