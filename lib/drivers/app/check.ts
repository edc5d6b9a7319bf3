import type { Note, ReadContext, StatusReport } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { isExecutable } from '../../host/file-facts.js';
import { holderOf } from '../../lock/lock.js';
import { type DriverStatus, parseStatus } from '../../status/values.js';
import { appLock } from './execute.js';
import type { AppKeywords } from './keywords.js';
import { whileFrozen } from './process-group.js';
import { type Program, programOf, timeoutOf } from './program.js';

/**
 * Why an app cannot be asked now, as the status that it then has: what it stands on is down, or
 * another process is starting or stopping it.
 */
export async function notNow(context: ReadContext): Promise<StatusReport | undefined> {
  const ground = await context.partialAvail(['app']);
  if (ground !== 'n/a' && !ground.endsWith('up')) {
    return notApplicable('skipped: needed resources are not up');
  }
  const frozen = whileFrozen(context);
  if (frozen) return frozen;
  const holder = holderOf(appLock(context));
  return holder && notApplicable(`${holder.intent} in progress`);
}

/** Asks the check command of an app; what else its status depends on is the caller's business. */
export async function check(kw: AppKeywords, context: ReadContext): Promise<StatusReport> {
  const program = await programOf(kw, 'check', context);
  if (!program) return notApplicable('no check configured');
  const problem = problemOf(program);
  if (problem) return problem;
  const map = parseRetcodes(kw.retcodes);
  try {
    const result = await context.probe(program.argv, program.options);
    const output: Note[] = kw.status_log
      ? [...notesOf('info', result.stdout), ...notesOf('warn', result.stderr)]
      : [];
    if (result.timedOut) {
      const limit = (timeoutOf(kw, 'check') ?? program.options.timeoutMs ?? 0) / 1000;
      return warning(`the check took longer than ${limit}s and was ended`, output);
    }
    if (result.exitCode === null) return warning(`the check was ended by ${result.signal}`, output);
    const status = map.get(result.exitCode);
    if (status !== undefined) return { status, notes: output };
    return warning(`the check exited with ${result.exitCode}`, output);
  } catch (error) {
    // A program that cannot be executed at all, or an account that does not exist.
    if (error instanceof AgentError) return warning(`check: ${error.message}`);
    throw error;
  }
}

function problemOf({ script, file }: Program): StatusReport | undefined {
  if (script === undefined) return undefined;
  if (!file) {
    return { status: 'n/a', notes: [{ level: 'warn', text: `${script} does not exist` }] };
  }
  if (file.kind !== 'file') return warning(`${script} is not a file`);
  if (!isExecutable(file)) return warning(`${script} is not executable`);
  return undefined;
}

/**
 * `0:up 1:down` as a map.
 * @throws AgentError `E_VALUE`
 */
export function parseRetcodes(text: string): ReadonlyMap<number, DriverStatus> {
  return new Map(
    text
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .map((word) => {
        const [, code, name = ''] = /^(\d+):(.+)$/.exec(word) ?? [];
        const status = parseStatus(name.replace('_', ' '));
        if (code === undefined || status === undefined || status.startsWith('stdby')) {
          throw new AgentError(
            'E_VALUE',
            `retcodes: ${JSON.stringify(word)} is not <code>:<status>`,
            {
              exit: 'config',
              remedy: 'write for example 0:up 1:down 3:n/a',
            },
          );
        }
        return [Number(code), status as DriverStatus] as const;
      }),
  );
}

function notApplicable(text: string): StatusReport {
  return { status: 'n/a', notes: [{ level: 'info', text }] };
}

function warning(text: string, notes: readonly Note[] = []): StatusReport {
  return { status: 'warn', notes: [{ level: 'warn', text }, ...notes] };
}

function notesOf(level: Note['level'], text: string): Note[] {
  return text.trim() === '' ? [] : [{ level, text }];
}
