/** nodemgr <task>: runs one node task now, or with --cron when its schedule says so. */

import type { NodeTaskEntry } from '../../node/catalogue.js';
import { tick } from '../../scheduler/tick.js';
import { type Command, defineCommand } from '../command.js';
import { runInForeground } from '../run-in-foreground.js';

/** Every node task has the same command. */
export function nodeTaskCommand({ name, section, command }: NodeTaskEntry): Command {
  return defineCommand({
    options: {
      cron: {
        type: 'boolean',
        default: false,
        describe: 'run it in the background, and only when its schedule says so',
      },
    },
    examples: [[`$0 ${command}`, 'now, in the foreground; the run is recorded']],
    async run(app, args) {
      if (args.cron) {
        await tick(await app.scheduler(), (task) => task.scope === 'node' && task.action === name);
        return 0;
      }
      const key = { scope: 'node', action: name, section };
      return (await runInForeground(app, key)).code;
    },
  }) as Command;
}
