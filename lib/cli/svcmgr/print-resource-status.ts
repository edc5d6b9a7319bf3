/** svcmgr print resource status: one word. */
import { AgentError } from '../../errors/agent-error.js';
import { defineCommand } from '../command.js';
import { instancesOf, refreshOption } from './instances.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    rid: { type: 'string', value: 'RID', describe: 'the resource' },
    ...refreshOption,
  },
  examples: [['$0 -s web print resource status --rid fs#1', 'up, down, warn…']],
  async run(app, args) {
    const service = await selectedOne(app, args);
    const { rid } = args;
    if (rid === undefined || rid.includes(',')) {
      throw new AgentError('E_USAGE', 'this command tells of one resource', {
        exit: 'usage',
        remedy: 'name it: --rid fs#1',
      });
    }
    const [instance] = await instancesOf(app, [service], args, { refresh: args.refresh });
    const resource = instance?.resources.find((one) => one.rid === rid);
    if (!resource) {
      throw new AgentError('E_NO_RESOURCE', `${service.scope}: there is no resource ${rid}`, {
        remedy: `see \`svcmgr -s ${service.scope} print status\``,
      });
    }
    app.print(`${resource.status}\n`);
    return 0;
  },
});
