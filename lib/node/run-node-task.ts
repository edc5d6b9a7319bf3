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
 * Runs one node task with its time limit. When the time is over the task's processes are ended and
 * the run is given up.
 *
 * @throws AgentError `E_TASK_TIMEOUT`, or what the task throws
 */
export async function runNodeTask(
  entry: NodeTaskEntry,
  context: Omit<TaskContext, 'signal' | 'results'>,
  abort: AbortController,
  timeoutMs: number,
): Promise<void> {
  const { default: task } = await entry.load();
  const { promise: expired, resolve, reject } = withReject();
  const timer = setTimeout(
    () => {
      abort.abort();
      reject(
        new AgentError(
          'E_TASK_TIMEOUT',
          `${entry.name} took longer than ${formatDuration(timeoutMs)}`,
          {
            exit: 'timeout',
            remedy: `raise \`timeout\` in the section [${entry.section}] of node.conf`,
          },
        ),
      );
    },
    Math.min(timeoutMs, 2 ** 31 - 1),
  );
  const work = task.run({ ...context, results: localResults(context.paths), signal: abort.signal });
  try {
    await Promise.race([work, expired]);
  } catch (error) {
    // The time is over: the processes are being ended, and a task that waits for them ends too.
    if (abort.signal.aborted) await Promise.race([work.catch(() => undefined), grace()]);
    throw error;
  } finally {
    clearTimeout(timer);
    resolve();
  }
}

const graceMs = 15_000;

function grace(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, graceMs).unref());
}

function withReject() {
  let resolve = (): void => undefined;
  let reject = (_error: Error): void => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
