/** svcmgr unset: removes keys from a service file. */
import { defineCommand } from '../command.js';
import { parseParameter, requireConfig, unsetKeys } from '../config-commands.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: { type: 'list', value: 'SECTION.KEY', describe: 'the same; may be repeated' },
    'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'check, change nothing' },
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter', many: true }],
  examples: [['$0 -s web unset task#1.schedule', 'never run it by itself']],
  async run(app, args) {
    const { file } = await selectedOne(app, args);
    const names = [...(args.param ? [args.param] : []), ...(args.kw ?? []), ...args.operands];
    const parameters = (names.length > 0 ? names : ['']).map((name) =>
      parseParameter(name, 'DEFAULT'),
    );
    const ini = requireConfig(file, file);
    if (!args['dry-run']) unsetKeys(file, ini, parameters);
    return 0;
  },
});
