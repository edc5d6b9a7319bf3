/** svcmgr delete: removes a service: its configuration, its logs, its place in the schedule. */
import { rmSync } from 'node:fs';
import { objectLogFile, objectVarDirectory } from '../../config/object-path.js';
import { freshenIndex } from '../../scheduler/fresh-index.js';
import { defineCommand } from '../command.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    'dry-run': {
      type: 'boolean',
      alias: 'n',
      default: false,
      describe: 'say what would be removed',
    },
  },
  examples: [['$0 -s web delete', 'its runs stay in the ledger']],
  async run(app, args) {
    const { path, file } = await selectedOne(app, args);
    const targets = [file, objectVarDirectory(app.paths, path), objectLogFile(app.paths, path)];
    if (args['dry-run']) {
      for (const target of targets) app.print(`remove ${target}\n`);
      return 0;
    }
    for (const target of targets) rmSync(target, { recursive: true, force: true });
    const stale = await freshenIndex(await app.scheduler(), await app.store());
    if (stale) app.note(`warning: ${stale.message}`);
    return 0;
  },
});
