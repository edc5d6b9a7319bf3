/** app.forking: a launcher that starts something in the background and returns. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ActionContext, defineDriver } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { objectWarnings, refuseObjects } from '../object-keywords.js';
import { check, notNow } from './check.js';
import { exclusively, execute } from './execute.js';
import { readInfo } from './info.js';
import { type AppKeywords, appKeywords } from './keywords.js';
import { processGroupVerbs } from './process-group.js';
import { commandOf, programName, programOf, sequenceOf } from './program.js';

export default defineDriver<AppKeywords>({
  id: 'app.forking',
  describe: 'A launcher that starts something in the background and returns.',
  keywords: appKeywords,
  label: programName,
  warnings: objectWarnings,
  sortKey: sequenceOf,

  async status(kw, context) {
    if (commandOf(kw.check).kind === 'none') return check(kw, context);
    return (await notNow(context)) ?? check(kw, context);
  },

  async start(kw, context) {
    const program = await programOf(kw, 'start', context);
    if (!program) return;
    refuseObjects(kw);
    if ((await check(kw, context)).status === 'up') {
      context.log.info(`${programName(kw)} is already started`);
      return;
    }
    await exclusively(context, 'start', async () => {
      await execute('start', program, context);
      context.undo(() => stop(kw, context));
      await waitUntilUp(kw, context);
    });
  },

  stop,
  info: readInfo,
  processGroup: processGroupVerbs,
});

async function stop(kw: AppKeywords, context: ActionContext): Promise<void> {
  const program = await programOf(kw, 'stop', context);
  if (!program || (program.script !== undefined && !program.file)) return;
  if ((await check(kw, context)).status === 'down') {
    context.log.info(`${programName(kw)} is already stopped`);
    return;
  }
  await exclusively(context, 'stop', () => execute('stop', program, context));
}

const pollMs = 200;

/** With a start timeout, a start ends when the check says so. */
async function waitUntilUp(kw: AppKeywords, context: ActionContext): Promise<void> {
  if (kw.start_timeout === undefined || context.dryRun) return;
  const until = context.clock.monotonic() + kw.start_timeout;
  for (;;) {
    const { status } = await check(kw, context);
    if (status === 'up' || status === 'n/a') return;
    if (context.clock.monotonic() >= until) {
      throw new AgentError(
        'E_NOT_UP',
        `${programName(kw)} is ${status} ${kw.start_timeout / 1000}s after its start`,
        { exit: 'timeout', remedy: 'look at the log of the app, or raise `start_timeout`' },
      );
    }
    await delay(pollMs, undefined, { signal: context.signal });
  }
}
