import { freshenIndex } from '../scheduler/fresh-index.js';
import { type TaskWithHistory, taskTable } from '../store/tasks.js';
import type { App } from './app.js';
import type { GlobalArgs } from './global-args.js';
import { scheduleRows, scheduleShape } from './schedule-shape.js';
import { listDocument } from './shape.js';

/** The schedule table of the node or of services, from the index. */
export async function printSchedule(
  app: App,
  args: GlobalArgs & { verbose: boolean },
  wanted: (task: TaskWithHistory) => boolean,
  options: { showObject?: boolean } = {},
): Promise<void> {
  const store = await app.store();
  const stale = await freshenIndex(await app.scheduler(), store);
  if (stale) app.note(`warning: ${stale.message}; the table may be out of date`);
  const rows = scheduleRows(taskTable(store).all().filter(wanted));
  for (const row of rows) {
    if (row.error !== null) app.note(`schedule ${row.config_parameter}: ${row.error}`);
  }
  const document = listDocument(scheduleShape, rows);
  const columns = document.columns?.filter(({ key }) => args.verbose || key !== 'next_run') ?? [];
  const object = { key: 'object' };
  await app.emit(
    { ...document, columns: options.showObject ? [object, ...columns] : columns },
    args,
  );
}
