/** task.host: a command on the host, run on schedule or by hand. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver, type RunContext, type RunOutcome } from '../../driver/contract.js';
import type { RunResult } from '../../exec/run.js';
import { argvOfCommand } from '../../task/command-text.js';
import { scheduleKeywords } from '../../task/schedule-keywords.js';
import { formatDuration } from '../../units/duration.js';

const keywords = defineKeywords({
  ...scheduleKeywords,
  schedule: { ...scheduleKeywords.schedule, inherit: { mapped: 'run_schedule' } },
  command: {
    kind: 'string',
    required: true,
    scopable: true,
    command: true,
    text: 'The command. A shell runs it when it holds |, && or ;, else its words are executed without any expansion.',
  },
  on_error: {
    kind: 'string',
    scopable: true,
    command: true,
    text: 'Command run when `command` fails, before the run is recorded.',
  },
  user: {
    kind: 'string',
    scopable: true,
    text: 'Account that runs the command. Default: that of the agent.',
  },
  group: { kind: 'string', scopable: true, text: 'Group that runs the command.' },
  cwd: { kind: 'path', default: '/', scopable: true, text: 'Working directory.' },
  umask: { kind: 'string', scopable: true, text: 'File mode mask, octal.' },
  environment: {
    kind: 'shlex',
    scopable: true,
    text: 'Words NAME=VALUE added to the environment of the command.',
  },
  confirmation: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Ask before it runs; such a task is never scheduled.',
  },
  log: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Write the output into the log of the service.',
  },
  max_parallel: {
    kind: 'integer',
    default: '1',
    scopable: true,
    text: 'How many runs may go at once.',
  },
  check: {
    kind: 'string',
    candidates: ['last_run'],
    strict: true,
    scopable: true,
    text: 'With `last_run` the status of the resource follows the last exit code.',
  },
});

type Keywords = Values<typeof keywords>;

/** What the store keeps of each stream. */
const keptBytes = 32 << 10;
/** Lines beyond this are in no log: the tail in the ledger has the end. */
const loggedLines = 10_000;

export default defineDriver<Keywords>({
  id: 'task.host',
  describe: 'A command on the host, run on schedule or by hand.',
  keywords,
  label: ({ command }) => (command.length > 60 ? `${command.slice(0, 57)}...` : command),

  async run(kw, context) {
    if (kw.confirmation && context.confirmed !== true) {
      const reason =
        context.confirmed === false ? 'not confirmed' : 'it wants a confirmation (--confirm)';
      return { ...nothing, state: 'skipped', reason };
    }
    const result = await runCommand(kw, kw.command, kw.timeout ?? 0, context);
    const outcome = judge(kw, result);
    if (outcome.state !== 'ok' && kw.on_error) {
      const after = await runCommand(kw, kw.on_error, onErrorTimeoutMs, context);
      if (after.exitCode !== 0)
        context.log.warn('on_error failed', { exit: after.exitCode ?? after.signal });
    }
    return outcome;
  },
});

const onErrorTimeoutMs = 10 * 60_000;

const nothing = {
  exitCode: null,
  signal: null,
  stdout: null,
  stderr: null,
  droppedBytes: null,
  usage: null,
} as const;

function runCommand(
  kw: Keywords,
  command: string,
  timeoutMs: number,
  context: RunContext,
): Promise<RunResult> {
  const { log, onLine } = context;
  let lines = 0;
  return context.run(argvOfCommand(command), {
    timeoutMs,
    cwd: kw.cwd,
    maxOutputBytes: keptBytes,
    env: { ...context.environment, LANG: 'C', ...assignments(kw.environment ?? []) },
    ...(kw.user !== undefined && { user: kw.user }),
    ...(kw.group !== undefined && { group: kw.group }),
    ...(kw.umask !== undefined && { umask: Number.parseInt(kw.umask, 8) }),
    onLine(stream, line) {
      onLine?.(stream, line);
      lines += 1;
      if (!kw.log || lines > loggedLines) return;
      const text = lines === loggedLines ? 'more output is not logged' : `| ${line}`;
      if (stream === 'stderr') log.error(text);
      else log.info(text);
    },
  });
}

function assignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const equal = word.indexOf('=');
      return equal === -1 ? [word, ''] : [word.slice(0, equal), word.slice(equal + 1)];
    }),
  );
}

function judge(kw: Keywords, result: RunResult): RunOutcome {
  const { exitCode, signal, stdout, stderr, droppedBytes, usage, timedOut, aborted } = result;
  const facts = { exitCode, signal, stdout, stderr, droppedBytes, usage };
  if (timedOut) {
    const reason = `longer than ${formatDuration(kw.timeout ?? 0)}`;
    return { ...facts, state: 'timeout', exitCode: 124, reason };
  }
  if (aborted) return { ...facts, state: 'failed', reason: 'interrupted' };
  if (exitCode === 0) return { ...facts, state: 'ok', reason: null };
  const reason = exitCode === null ? `ended by ${signal}` : `exit code ${exitCode}`;
  return { ...facts, state: 'failed', reason };
}
