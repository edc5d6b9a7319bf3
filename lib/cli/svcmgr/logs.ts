/** svcmgr logs: the log of a service. */
import { objectLogFile } from '../../config/object-path.js';
import { defineCommand } from '../command.js';
import { logsOptions, printLogs } from '../logs.js';
import { selectedOne, selectorOption } from './selection.js';

export default defineCommand({
  options: { ...selectorOption, ...logsOptions },
  examples: [['$0 -s web logs --backlog 20', 'the last twenty lines of one service']],
  async run(app, args) {
    const { path } = await selectedOne(app, args);
    await printLogs(app, objectLogFile(app.paths, path).replace(/\.log$/, ''), args);
    return 0;
  },
});
