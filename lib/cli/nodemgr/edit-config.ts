/** nodemgr edit config: edits a copy of node.conf, checks it, and only then replaces the file. */
import { defineCommand } from '../command.js';
import { nodeTarget } from '../config-targets.js';
import { editConfig, editOptions } from '../edit-config.js';

export default defineCommand({
  options: editOptions,
  examples: [['$0 edit config', 'with $EDITOR, else vi']],
  run: (app, args) => editConfig(app, nodeTarget(app), args),
});
