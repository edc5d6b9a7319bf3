/** nodemgr logs: the log of the node. */
import { defineCommand } from '../command.js';
import { logsOptions, printLogs } from '../logs.js';

export default defineCommand({
  options: logsOptions,
  examples: [
    ['$0 logs --backlog 20', 'the last twenty lines'],
    ['$0 logs --follow', 'what is written from now on'],
  ],
  async run(app, args) {
    await printLogs(app, `${app.paths.log}/node`, args);
    return 0;
  },
});
