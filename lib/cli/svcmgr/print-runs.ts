/** svcmgr print runs: the ledger of services. */
import { defineCommand } from '../command.js';
import { printRuns, printRunsOptions } from '../print-runs.js';
import { expressionOptions, namespaceOf, selected } from './selection.js';

export default defineCommand({
  options: { ...expressionOptions, ...printRunsOptions },
  examples: [['$0 -s web print runs --failed', 'what went wrong in one service']],
  async run(app, args) {
    // Without a selector also what is left of services that are gone.
    const { service, namespace } = args;
    const everything = service === undefined && namespaceOf(app, args) === undefined;
    const services = everything ? undefined : await selected(app, { service, namespace });
    const scopes = services?.map(({ scope }) => scope);
    await printRuns(app, args, { scopes, servicesOnly: true });
    return 0;
  },
});
