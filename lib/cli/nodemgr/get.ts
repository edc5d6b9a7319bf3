/** nodemgr get: one value of node.conf. */
import { AgentError } from '../../errors/agent-error.js';
import { readNodeSettings } from '../../node/settings.js';
import { defineCommand } from '../command.js';
import { parseParameter } from '../config-commands.js';

export default defineCommand({
  options: {
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: {
      type: 'string',
      value: 'SECTION.KEY',
      describe: 'the same, as later generations write it',
    },
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter' }],
  examples: [['$0 get asset.schedule', 'the schedule of pushasset, or its default']],
  run(app, args) {
    const text = args.param ?? args.kw ?? args.operands[0];
    const { section, key } = parseParameter(text ?? '');
    const value = readNodeSettings(app.paths).get(section, key);
    if (value === undefined) {
      throw new AgentError('E_NOT_SET', `${section}.${key} is not set`, {
        remedy: `set it with \`nodemgr set --kw ${section}.${key}=…\``,
      });
    }
    app.print(`${value}\n`);
    return 0;
  },
});
