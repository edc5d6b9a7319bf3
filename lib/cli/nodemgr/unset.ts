/** nodemgr unset: removes keys from node.conf. */
import { defineCommand } from '../command.js';
import { parseParameter, requireConfig, unsetKeys } from '../config-commands.js';

export default defineCommand({
  options: {
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: { type: 'list', value: 'SECTION.KEY', describe: 'the same; may be repeated' },
    'dry-run': { type: 'boolean', alias: 'n', default: false, describe: 'check, change nothing' },
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter', many: true }],
  examples: [['$0 unset asset.schedule', 'back to the default']],
  run(app, args) {
    const names = [...(args.param ? [args.param] : []), ...(args.kw ?? []), ...args.operands];
    const parameters = (names.length > 0 ? names : ['']).map((name) => parseParameter(name));
    const ini = requireConfig(app.paths.nodeConf, app.paths.nodeConf);
    if (!args['dry-run']) unsetKeys(app.paths.nodeConf, ini, parameters);
    return 0;
  },
});
