/** nodemgr unset: removes keys from node.conf. */
import { editConfigFile } from '../../config/file.js';
import { whileEditing } from '../../lock/edit-lock.js';
import { defineCommand, dryRunOption } from '../command.js';
import { parseParameter, requireConfig, unsetEdits } from '../config-commands.js';

export default defineCommand({
  options: {
    param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
    kw: { type: 'list', value: 'SECTION.KEY', describe: 'the same; may be repeated' },
    ...dryRunOption('check, change nothing'),
  },
  operands: [{ name: 'SECTION.KEY', describe: 'the parameter', many: true }],
  examples: [['$0 unset asset.schedule', 'back to the default']],
  async run(app, args) {
    const names = [...(args.param ? [args.param] : []), ...(args.kw ?? []), ...args.operands];
    const parameters = (names.length > 0 ? names : ['']).map((name) => parseParameter(name));
    const path = app.paths.nodeConf;
    const mode = { dryRun: args['dry-run'] };
    const change = (): void => {
      const edits = unsetEdits(path, requireConfig(path, path), parameters);
      editConfigFile(path, edits, mode);
    };
    await whileEditing(app.paths, 'unset', change, mode);
    return 0;
  },
});
