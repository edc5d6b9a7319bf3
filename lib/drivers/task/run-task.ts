import type { Values } from '../../config/keyword.js';
import type { RunContext, RunOutcome } from '../../driver/contract.js';
import type { RunOptions, RunResult } from '../../exec/run.js';
import { formatDuration } from '../../units/duration.js';
import type { taskKeywords } from './keywords.js';

type Keywords = Values<typeof taskKeywords>;

/** What the store keeps of each stream. */
const keptBytes = 32 << 10;
/** Lines beyond this are in no log: the tail in the ledger has the end. */
const loggedLines = 10_000;
const onErrorTimeoutMs = 10 * 60_000;

/** A program of a task, with what the runner needs to know. */
export interface TaskProgram {
  readonly argv: readonly string[];
  readonly options: Omit<RunOptions, 'timeoutMs'>;
}

/**
 * One run of a task: the program, and `onError` when that fails.
 */
export async function runTask(
  kw: Keywords,
  { main, onError }: { main: TaskProgram; onError: TaskProgram | undefined },
  context: RunContext,
): Promise<RunOutcome> {
  const outcome = judge(kw, await runProgram(kw, main, kw.timeout ?? 0, context));
  if (outcome.state !== 'ok' && onError) {
    const after = await runProgram(kw, onError, onErrorTimeoutMs, context);
    if (after.exitCode !== 0)
      context.log.warn('on_error failed', { exit: after.exitCode ?? after.signal });
  }
  return outcome;
}

function runProgram(
  kw: Keywords,
  { argv, options }: TaskProgram,
  timeoutMs: number,
  { run, log, onLine }: RunContext,
): Promise<RunResult> {
  let lines = 0;
  return run(argv, {
    timeoutMs,
    maxOutputBytes: keptBytes,
    ...options,
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

/** Words `NAME=VALUE` as variables. */
export function assignments(words: readonly string[]): Record<string, string> {
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
