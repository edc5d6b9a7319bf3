import { floorMinute } from '../schedule/context.js';
import { nextRun } from '../schedule/next.js';
import type { Store } from '../store/store.js';
import { type TaskKey, taskTable } from '../store/tasks.js';
import { evaluationOf } from './evaluation.js';
import type { RunServices } from './run-services.js';

/**
 * Works out when a task is due next after a run by hand that counts as its last run.
 * @returns the write that puts it into the index; undefined when the task has no usable schedule
 */
export async function nextDueAfter(
  store: Store,
  key: TaskKey,
  { nodename }: Pick<RunServices, 'nodename'>,
  lastAt: number,
): Promise<(() => void) | undefined> {
  const tasks = taskTable(store);
  const task = tasks.get(key);
  if (!task || task.error !== null || task.definition === '') return undefined;
  const { schedule, context } = await evaluationOf(task, nodename, lastAt, lastAt);
  const next = nextRun(schedule, { ...context, now: floorMinute(lastAt) + 60_000 }) ?? null;
  // A slot that waits for its tick stays due: the tick gives it its row.
  return () => tasks.postpone(task.id, next, lastAt);
}
