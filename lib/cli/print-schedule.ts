import { freshenIndex } from '../scheduler/fresh-index.js';
import { sourceTable } from '../store/sources.js';
import { taskTable } from '../store/tasks.js';
import type { App } from './app.js';
import type { GlobalArgs } from './global-args.js';
import { scheduleRows, scheduleShape } from './schedule-shape.js';
import { listDocument } from './shape.js';

/** The schedule table of the node or of services, from the index. */
export async function printSchedule(
  app: App,
  args: GlobalArgs & { verbose: boolean },
  wanted: (scope: string) => boolean,
  options: { showObject?: boolean } = {},
): Promise<void> {
  const store = await app.store();
  const stale = await freshenIndex(await app.scheduler(), store);
  if (stale) app.note(`warning: ${stale.message}; the table may be out of date`);
  const unusable = sourceTable(store)
    .unusable()
    .filter(({ scope }) => wanted(scope));
  for (const { problem } of unusable) app.note(String(problem));
  const told = new Set(unusable.map(({ scope }) => scope));
  const tasks = taskTable(store).all();
  const rows = scheduleRows(tasks.filter(({ scope }) => wanted(scope)));
  for (const { object, config_parameter: parameter, error } of rows) {
    if (error !== null && !told.has(object)) app.note(`schedule ${parameter}: ${error}`);
  }
  const document = listDocument(scheduleShape, rows);
  const columns = document.columns?.filter(({ key }) => args.verbose || key !== 'next_run') ?? [];
  const object = { key: 'object' };
  await app.emit(
    { ...document, columns: options.showObject ? [object, ...columns] : columns },
    args,
  );
}
