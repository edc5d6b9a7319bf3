/** svcmgr edit config: edits a copy of a service file, checks it, and only then replaces the file. */
import { defineCommand } from '../command.js';
import { serviceTarget } from '../config-targets.js';
import { editConfig, editOptions } from '../edit-config.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: { ...selectorOption, ...editOptions },
  examples: [['$0 -s web edit config', 'with $EDITOR, else vi']],
  run: async (app, args) => editConfig(app, serviceTarget(app, await selectedOne(app, args)), args),
});
