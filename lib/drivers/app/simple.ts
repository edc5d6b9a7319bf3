/** app.simple: a program that stays in the foreground, kept running without a process of ours. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type ReadContext,
  type StatusReport,
} from '../../driver/contract.js';
import { identityOf } from '../../env/process-identity.js';
import { AgentError } from '../../errors/agent-error.js';
import { endProcess } from '../../exec/end-process.js';
import { CommandError } from '../../exec/run.js';
import { killTree } from '../../exec/tree.js';
import { objectWarnings, refuseObjects } from '../object-keywords.js';
import { check, notNow } from './check.js';
import { exclusively, execute } from './execute.js';
import { readInfo } from './info.js';
import { appKeywords } from './keywords.js';
import { processGroupVerbs } from './process-group.js';
import { commandOf, type Program, programName, programOf, sequenceOf } from './program.js';
import { findRunning, pidVariable, type RunningApp, removeRecord, writeRecord } from './running.js';

const keywords = defineKeywords({
  ...appKeywords,
  kill: {
    kind: 'lower',
    default: 'parent',
    candidates: ['parent', 'tree'],
    strict: true,
    scopable: true,
    text: 'What a stop ends: the program alone, or everything that it started.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'app.simple',
  describe: 'A program that stays in the foreground.',
  keywords,
  label: programName,
  warnings: objectWarnings,
  sortKey: sequenceOf,

  async status(kw, context) {
    return (await notNow(context)) ?? statusOf(kw, context);
  },

  async start(kw, context) {
    const program = await programOf(kw, 'start', context);
    if (!program) return;
    refuseObjects(kw);
    if (findRunning(context, program.argv).length > 0) {
      context.log.info(`${programName(kw)} is already started`);
      return;
    }
    await exclusively(context, 'start', async () => {
      const { stdout } = await launch(program, context);
      const identity = identityOf(Number(stdout));
      if (identity) writeRecord(context, identity);
      context.undo(() => stop(kw, context));
    });
  },

  stop,
  info: readInfo,
  processGroup: processGroupVerbs,
});

async function statusOf(kw: Keywords, context: ReadContext): Promise<StatusReport> {
  const running = findRunning(context, await startWords(kw, context));
  if (running.length === 0) return { status: 'down' };
  const { status, notes = [] } =
    commandOf(kw.check).kind === 'none' ? { status: 'up' as const } : await check(kw, context);
  if (running.length === 1) return { status, notes };
  const pids = running.map(({ identity }) => identity.pid).join(', ');
  return { status, notes: [...notes, { level: 'warn', text: `runs more than once: pid ${pids}` }] };
}

async function startWords(kw: Keywords, context: ReadContext): Promise<readonly string[]> {
  return (await programOf(kw, 'start', context))?.argv ?? [];
}

/**
 * Starts the program in a session of its own with nothing open but /dev/null, prints its pid, and
 * gives it 0.2 s to fail. The inner shell becomes the program: the pid that it notes is the program's.
 */
const launcher = [
  `/bin/sh -c '${pidVariable}=$$; export ${pidVariable}; exec "$@"' sh "$@" </dev/null >/dev/null 2>&1 &`,
  'sleep 0.2',
  'kill -0 $! 2>/dev/null || wait $! || exit $?',
  'echo $!',
].join('\n');

async function launch(program: Program, context: ActionContext): Promise<{ stdout: string }> {
  const argv = ['/bin/sh', '-c', launcher, 'sh', ...program.argv];
  try {
    return await execute('start', program, context, { argv, onLine: () => undefined });
  } catch (error) {
    if (!(error instanceof CommandError) || error.result.exitCode === null) throw error;
    const { exitCode } = error.result;
    if (exitCode !== 126 && exitCode !== 127) throw error;
    const name = program.argv[0];
    throw new AgentError(
      'E_NO_COMMAND',
      exitCode === 127 ? `${name} is not installed` : `${name} cannot be executed`,
      { exit: 'config', remedy: 'correct the path, or its mode and its first line', cause: error },
    );
  }
}

const defaultGraceMs = 5000;

async function stop(kw: Keywords, context: ActionContext): Promise<void> {
  const words = await startWords(kw, context);
  if (findRunning(context, words).length === 0) {
    context.log.info(`${programName(kw)} is already stopped`);
    return;
  }
  const program = await programOf(kw, 'stop', context);
  await exclusively(context, 'stop', async () => {
    if (program && (program.script === undefined || program.file)) {
      await execute('stop', program, context);
    }
    for (const running of findRunning(context, words)) {
      await context.act(`kill ${running.identity.pid}`, () => end(kw, running));
    }
    if (!context.dryRun) removeRecord(context);
  });
}

async function end(kw: Keywords, { identity, marker }: RunningApp): Promise<void> {
  const graceMs = kw.stop_timeout || kw.timeout || defaultGraceMs;
  const isEnded =
    kw.kill === 'tree'
      ? (await killTree({ ...identity, marker: marker ?? null }, { graceMs })).stuckPids.length ===
        0
      : await endProcess(identity, graceMs);
  if (isEnded) return;
  throw new AgentError('E_STUCK', `process ${identity.pid} cannot be ended`, {
    remedy: 'look at what it waits for: a file system or a device that does not answer',
  });
}
