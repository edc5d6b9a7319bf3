import { join } from 'node:path';
import { fullObjectPath } from '../../config/object-path.js';
import type { ActionContext, ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { CommandError, type RunOptions, type RunResult } from '../../exec/run.js';
import { isExecutable } from '../../host/file-facts.js';
import { withLock } from '../../lock/lock.js';
import { formatElapsed } from '../../units/elapsed.js';
import { refuseFrozen } from './process-group.js';
import type { Program } from './program.js';

/** Held while an app is started or stopped, so that a status of another process can say so. */
export function appLock({ paths, service, rid }: ReadContext): string {
  return join(paths.locks, 'app', fullObjectPath(service.path), rid);
}

/**
 * @throws LockBusyError when another process starts or stops the app
 * @throws AgentError `E_FROZEN` when its process group is frozen
 */
export function exclusively<T>(
  context: ActionContext,
  intent: 'start' | 'stop',
  work: () => Promise<T>,
): Promise<T> {
  refuseFrozen(context);
  if (context.dryRun) return work();
  return withLock(appLock(context), { intent, object: context.rid }, work);
}

/**
 * Runs the launcher or command line of a start or stop, with the lines that say so.
 *
 * @param instead what is executed in place of the program's own argv, and who gets its output
 * @throws CommandError for another exit code than 0
 * @throws AgentError `E_NO_SCRIPT` when the launcher is missing
 */
export async function execute(
  verb: 'start' | 'stop',
  program: Program,
  context: ActionContext,
  instead: { argv?: readonly string[]; onLine?: RunOptions['onLine'] } = {},
): Promise<RunResult> {
  await makeExecutable(program, context);
  const announce = `exec ${program.text} as user ${program.user}`;
  try {
    const { argv = program.argv, onLine } = instead;
    const result = await context.change(argv, {
      ...program.options,
      announce,
      streams: true,
      ...(onLine && { onLine }),
    });
    if (!context.dryRun) context.log.info(closingLine(verb, result));
    return result;
  } catch (error) {
    if (error instanceof CommandError && error.result.exitCode !== null) {
      context.log.error(closingLine(verb, error.result));
    }
    throw error;
  }
}

async function makeExecutable({ script, file }: Program, context: ActionContext): Promise<void> {
  if (script === undefined) return;
  if (!file) {
    // It may lie on a file system that this action mounts.
    if (context.dryRun) return;
    throw new AgentError('E_NO_SCRIPT', `${script} does not exist`, {
      exit: 'config',
      remedy: 'put the launcher there, or correct `script`',
    });
  }
  if (!isExecutable(file)) await context.change(['chmod', '+x', script]);
}

/** `start done in 0:00:00.001864 - ret 0`; a stop has no dash (lines of the original agent). */
function closingLine(verb: 'start' | 'stop', { durationMs, exitCode }: RunResult): string {
  const dash = verb === 'start' ? ' -' : '';
  return `${verb} done in ${formatElapsed(durationMs)}${dash} ret ${exitCode}`;
}
