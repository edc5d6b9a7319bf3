import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../env/atomic-file.js';
import type { Paths } from '../env/paths.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import type { Results, TaskContext } from '../task/contract.js';
import { formatDuration } from '../units/duration.js';
import type { NodeTaskEntry } from './catalogue.js';

/** Where the results of the node tasks are kept: `VAR/node/<name>.json`. */
export function localResults(paths: Paths): Results {
  const pathOf = (name: string): string => join(paths.var, 'node', `${name}.json`);
  return {
    write(name, data) {
      mkdirSync(join(paths.var, 'node'), { recursive: true, mode: 0o755 });
      writeFileAtomic(pathOf(name), `${JSON.stringify(data)}\n`);
    },
    read(name) {
      try {
        return JSON.parse(readFileSync(pathOf(name), 'utf8')) as unknown;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw new AgentError('E_RESULT', `${pathOf(name)} cannot be read`, {
          exit: 'io',
          remedy: 'run the task again: it writes the file anew',
          cause: error,
        });
      }
    },
  };
}

/**
 * Runs one node task with its time limit. When the time is over, or the caller aborts, the processes
 * of the task are ended and the run is given up: what it still finds is not kept, because a tool
 * that was ended looks like one that is not there.
 *
 * @param abort the caller aborts with the error that the run then ends with
 * @throws AgentError `E_TASK_TIMEOUT`, or what the task throws
 */
export async function runNodeTask(
  entry: NodeTaskEntry,
  context: Omit<TaskContext, 'signal' | 'results'>,
  abort: AbortController,
  timeoutMs: number,
): Promise<void> {
  const { default: task } = await entry.load();
  const { signal } = abort;
  signal.throwIfAborted();
  const kept = localResults(context.paths);
  const results: Results = {
    read: kept.read,
    write(name, data) {
      signal.throwIfAborted();
      kept.write(name, data);
    },
  };
  const expiry = setTimeout(
    () => abort.abort(timeoutError(entry, timeoutMs)),
    Math.min(timeoutMs, 2 ** 31 - 1),
  );
  let grace: NodeJS.Timeout | undefined;
  // The processes are being ended, and a task that waits for them ends too.
  const givenUp = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      grace = setTimeout(resolve, graceMs);
    });
  });
  try {
    await Promise.race([task.run({ ...context, results, signal }), givenUp]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(expiry);
    clearTimeout(grace);
  }
  signal.throwIfAborted();
}

const graceMs = 15_000;

function timeoutError({ name, section }: NodeTaskEntry, timeoutMs: number): AgentError {
  return new AgentError('E_TASK_TIMEOUT', `${name} took longer than ${formatDuration(timeoutMs)}`, {
    exit: 'timeout',
    remedy: `raise \`timeout\` in the section [${section}] of node.conf`,
  });
}
