/** nodemgr edit config: edits a copy of node.conf, checks it, and only then replaces the file. */
import { validateNodeConfig } from '../../node/validate.js';
import { defineCommand } from '../command.js';
import { editConfig } from '../edit-config.js';

export default defineCommand({
  options: {
    discard: {
      type: 'boolean',
      default: false,
      describe: 'forget an edit that was left unfinished',
    },
    recover: {
      type: 'boolean',
      default: false,
      describe: 'go on with an edit that was left unfinished',
    },
  },
  examples: [['$0 edit config', 'with $EDITOR, else vi']],
  run: (app, args) => editConfig(app, app.paths.nodeConf, validateNodeConfig, args),
});
