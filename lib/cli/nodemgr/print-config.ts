/** nodemgr print config: node.conf, with secrets masked. */

import { nodeSections } from '../../node/keywords.js';
import { defineCommand } from '../command.js';
import { printConfig } from '../print-config.js';

export default defineCommand({
  options: {
    force: { type: 'boolean', default: false, describe: 'show secrets as they are' },
  },
  examples: [['$0 print config --format json', 'sections and keys for programs']],
  async run(app, args) {
    await printConfig(app, app.paths.nodeConf, (section) => nodeSections[section], args);
    return 0;
  },
});
