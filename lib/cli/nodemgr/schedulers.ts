/** nodemgr schedulers: the minute job. Machines start it without this file (`machine.ts`). */
import { tick } from '../../scheduler/tick.js';
import { defineCommand } from '../command.js';

export default defineCommand({
  options: {
    cron: { type: 'boolean', default: true, describe: 'accepted: schedules always count here' },
  },
  examples: [['$0 schedulers', 'what cron runs every minute; prints nothing when all is well']],
  async run(app) {
    await tick(await app.scheduler());
    return 0;
  },
});
