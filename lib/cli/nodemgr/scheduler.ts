/** nodemgr scheduler: the node part of the minute job alone. */
import { tick } from '../../scheduler/tick.js';
import { defineCommand } from '../command.js';

export default defineCommand({
  options: {
    cron: { type: 'boolean', default: true, describe: 'accepted: schedules always count here' },
  },
  examples: [['$0 scheduler', 'run the node tasks that are due']],
  async run(app) {
    await tick(await app.scheduler(), ({ scope }) => scope === 'node');
    return 0;
  },
});
