/** svcmgr get: one value of a service. */
import { getValue } from '../../config/values.js';
import { AgentError } from '../../errors/agent-error.js';
import { readNodeSettings } from '../../node/settings.js';
import { readServiceFile } from '../../service/service-file.js';
import { defineCommand } from '../command.js';
import { parseParameter } from '../config-commands.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: { type: 'string', value: 'SECTION.KEY', describe: 'the same' },
    eval: { type: 'boolean', default: false, describe: 'scoped for a node, references resolved' },
    impersonate: { type: 'string', value: 'NODE', describe: 'evaluate for this node' },
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter; without a dot, one of DEFAULT' }],
  examples: [['$0 -s web get --eval task#1.command', 'what this node would run']],
  async run(app, args) {
    const { file } = await selectedOne(app, args);
    const text = args.param ?? args.kw ?? args.operands[0] ?? '';
    const { section, key } = parseParameter(text, 'DEFAULT');
    const { evaluator } = readServiceFile(file, {
      ...app,
      env: app.edge.env,
      nodeConf: readNodeSettings(app.paths).get,
    });
    const value = getValue(evaluator, `${section}.${key}`, {
      eval: args.eval,
      ...(args.impersonate !== undefined && { impersonate: args.impersonate }),
    });
    if (!value) {
      throw new AgentError('E_NOT_SET', `${section}.${key} is not set`, {
        remedy: 'see `svcmgr print config`',
      });
    }
    app.print(`${value.text}\n`);
    return 0;
  },
});
