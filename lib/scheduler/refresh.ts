import { formatObjectPath, objectOfConfigFile } from '../config/object-path.js';
import { fileStamp } from '../env/file-stamp.js';
import { AgentError } from '../errors/agent-error.js';
import type { Log } from '../log/log.js';
import { nodeTasks } from '../node/catalogue.js';
import { type NodeSettings, readNodeSettings } from '../node/settings.js';
import { floorMinute } from '../schedule/context.js';
import { evaluate } from '../schedule/due.js';
import { nextRun } from '../schedule/next.js';
import { readServiceSchedules, type ServiceSchedule } from '../service/schedules.js';
import { lastRunTable } from '../store/last-runs.js';
import { metaTable } from '../store/meta.js';
import { type SourceRow, sourceTable } from '../store/sources.js';
import type { Store } from '../store/store.js';
import { type TaskKey, type TaskRow, type TaskWithHistory, taskTable } from '../store/tasks.js';
import { type ScheduleSettings, scheduleSettings } from '../task/schedule-settings.js';
import type { SchedulerDeps } from './deps.js';
import { evaluationOf, lastOf } from './evaluation.js';
import { configurationDirectories, namesIn } from './fingerprint.js';

export interface Refresh {
  deps: SchedulerDeps;
  store: Store;
  log: Log;
  fingerprint: string;
  now: number;
  /** The caller claims what is due now: the minute that has begun is then a slot. */
  claims: boolean;
}

/** What one changed file comes to, and the rows of its scope that this was worked out from. */
interface Change {
  source: SourceRow;
  rows: TaskRow[];
  before: ReadonlyMap<string, TaskWithHistory>;
}

/** Other processes may run tasks meanwhile; after so many tries the next tick goes on. */
const longestRefresh = 5;

/**
 * Makes the schedule index equal to the configuration: parses the files whose stamp changed, forgets
 * the ones that are gone. One bad file or section costs only itself; its rows say why.
 */
export async function refreshIndex(refresh: Refresh): Promise<void> {
  const { deps, store, log, fingerprint } = refresh;
  const known = new Map(
    sourceTable(store)
      .all()
      .map((row) => [row.path, row]),
  );
  const indexed = metaTable(store).get('fingerprint');
  let everything = circumstances(indexed) !== circumstances(fingerprint);

  const changed: SourceRow[] = [];
  const current = new Set<string>();
  const scopes = new Set<string>();
  for (const path of configurationFiles(deps)) {
    const scope = scopeOf(deps, path);
    // The stamp is taken before the file is read: a file that is replaced meanwhile is read again.
    const stamp = fileStamp(path);
    if (scope === undefined || (stamp === undefined && scope !== 'node')) continue;
    current.add(path);
    scopes.add(scope);
    const unchanged = known.get(path)?.stamp === (stamp ?? '');
    // node.conf comes first: services may refer to it, and take defaults from it.
    everything ||= scope === 'node' && !unchanged;
    if (!everything && unchanged) continue;
    changed.push({ path, scope, stamp: stamp ?? '', problem: null });
  }
  const gone = [...known.values()].filter(({ path }) => !current.has(path));

  const settings = readNodeSettings(deps.paths);
  let sources = changed;
  for (let tries = 0; tries < longestRefresh; tries++) {
    const late: SourceRow[] = [];
    const seen = foreignCommits(store);
    const past = sources.length > manyFiles ? wholePast(store) : pastOf(store);
    let from = 0;
    do {
      const part: Change[] = [];
      for (const source of sources.slice(from, from + filesPerCommit)) {
        part.push(await readChange(refresh, source, past, settings));
      }
      from += filesPerCommit;
      const left = store.immediate(() => {
        const stale = new Set(foreignCommits(store) === seen ? [] : overtaken(store, part));
        putChanges(store, part, stale);
        if (from >= sources.length && late.length + stale.size === 0) {
          forget(store, gone, scopes);
          metaTable(store).set('fingerprint', fingerprint);
        }
        return stale;
      });
      for (const change of part) {
        if (left.has(change)) late.push(change.source);
        else report(log, change, known.get(change.source.path));
      }
    } while (from < sources.length);
    if (late.length === 0) return;
    sources = late;
  }
}

async function readChange(
  refresh: Refresh,
  source: SourceRow,
  past: Past,
  settings: NodeSettings,
): Promise<Change> {
  const { deps } = refresh;
  const { path, scope } = source;
  const before = past.rows(scope);
  const { rows, problem } =
    scope === 'node' ? nodeRows(settings) : serviceRows(deps, path, scope, settings);
  for (const row of rows) {
    const known = before.get(keyOf(row));
    await setNextDue(row, refresh, known, known ?? past.lastRun(row));
  }
  return { source: { ...source, problem }, rows, before };
}

/** What the store knows of tasks before the refresh. */
interface Past {
  /** The rows of one scope by `keyOf`. */
  rows(scope: string): ReadonlyMap<string, TaskWithHistory>;
  lastRun(key: TaskKey): Pick<TaskWithHistory, 'lastAt' | 'slotAt'> | undefined;
}

/** So many files are written at once: others can write in between, and memory stays small. */
const filesPerCommit = 1000;

/** From so many changed files on, reading the tables as a whole is cheaper than asking for each. */
const manyFiles = 100;

function pastOf(store: Store): Past {
  return { rows: (scope) => rowsByKey(store, scope), lastRun: lastRunTable(store).get };
}

function wholePast(store: Store): Past {
  const rows = new Map<string, Map<string, TaskWithHistory>>();
  for (const row of taskTable(store).all()) {
    const ofScope = rows.get(row.scope) ?? new Map<string, TaskWithHistory>();
    rows.set(row.scope, ofScope.set(keyOf(row), row));
  }
  const lastRuns = new Map(
    lastRunTable(store)
      .all()
      .map((row) => [`${row.scope}\n${keyOf(row)}`, row]),
  );
  const none = new Map<string, TaskWithHistory>();
  return {
    rows: (scope) => rows.get(scope) ?? none,
    lastRun: (key) => lastRuns.get(`${key.scope}\n${keyOf(key)}`),
  };
}

/** Changes with every commit of another process (PRAGMA data_version). */
function foreignCommits(store: Store): unknown {
  return store.connection.pragma('data_version', { simple: true });
}

/**
 * The changes in whose scope another process took a row meanwhile. Writing them would bring the old
 * `next_due` back, and the slot with it.
 */
function overtaken(store: Store, changes: readonly Change[]): Change[] {
  return changes.filter(({ source, before }) => {
    const present = rowsByKey(store, source.scope);
    return [...present].some(([key, row]) => {
      const seen = before.get(key);
      return (
        !seen ||
        seen.nextDue !== row.nextDue ||
        seen.lastAt !== row.lastAt ||
        seen.slotAt !== row.slotAt
      );
    });
  });
}

function putChanges(store: Store, changes: readonly Change[], stale: ReadonlySet<Change>): void {
  for (const change of changes) {
    if (stale.has(change)) continue;
    taskTable(store).replaceScope(change.source.scope, change.rows);
    sourceTable(store).put(change.source);
  }
}

/** Takes files that are gone out of the index, and their scopes unless another file defines them. */
function forget(store: Store, gone: readonly SourceRow[], scopes: ReadonlySet<string>): void {
  for (const { path, scope } of gone) {
    if (!scopes.has(scope)) taskTable(store).removeScope(scope);
    sourceTable(store).remove(path);
  }
}

/** What is wrong with a file or a section is logged once, when it becomes so. */
function report(log: Log, { source, rows, before }: Change, known: SourceRow | undefined): void {
  const { path: file, problem } = source;
  if (problem !== null && problem !== known?.problem) {
    log.error('configuration unusable', { file, why: problem });
  }
  if (problem !== null) return; // its sections would only say the same
  for (const row of rows) {
    if (row.error === null || row.error === before.get(keyOf(row))?.error) continue;
    log.error('schedule unusable', { file, section: row.section, why: row.error });
  }
}

function keyOf({ action, section }: Pick<TaskRow, 'action' | 'section'>): string {
  return `${action}\n${section}`;
}

function rowsByKey(store: Store, scope: string): Map<string, TaskWithHistory> {
  return new Map(
    taskTable(store)
      .ofScope(scope)
      .map((row) => [keyOf(row), row]),
  );
}

/** The part of a fingerprint that all rows depend on: build, zone setting, node name. */
function circumstances(fingerprint: string | undefined): string | undefined {
  return fingerprint?.split(':').slice(0, 3).join(':');
}

function configurationFiles({ paths }: SchedulerDeps): string[] {
  const files = [paths.nodeConf];
  for (const directory of configurationDirectories(paths)) {
    for (const name of namesIn(directory)) {
      const path = `${directory}/${name}`;
      if (name.endsWith('.conf') && path !== paths.nodeConf) files.push(path);
    }
  }
  return files;
}

function scopeOf({ paths }: SchedulerDeps, file: string): string | undefined {
  if (file === paths.nodeConf) return 'node';
  const object = objectOfConfigFile(paths, file);
  return object?.kind === 'svc' ? formatObjectPath(object) : undefined;
}

interface Rows {
  rows: TaskRow[];
  problem: string | null;
}

function nodeRows(settings: NodeSettings): Rows {
  const rows = nodeTasks.map((task) => {
    const values = scheduleSettings((key) => settings.ofTask(task, key));
    const problem = settings.problemOf(task.section) ?? values.error;
    return taskRow(
      {
        scope: 'node',
        action: task.name,
        section: task.section,
        parameter: `${task.section}.schedule`,
        detached: task.detached ? 1 : 0,
        spreadable: 1,
        maxParallel: 1,
      },
      { ...values, error: problem ?? null },
    );
  });
  return { rows, problem: settings.unreadable ?? null };
}

function serviceRows(
  { paths, nodename }: SchedulerDeps,
  file: string,
  scope: string,
  settings: NodeSettings,
): Rows {
  try {
    const schedules = readServiceSchedules(paths, file, nodename, settings.get);
    return { rows: schedules.map((schedule) => serviceRow(scope, schedule)), problem: null };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { rows: [], problem: error.message };
  }
}

function serviceRow(scope: string, schedule: ServiceSchedule): TaskRow {
  const { action, section, parameter, maxParallel, detached, settings } = schedule;
  return taskRow(
    { scope, action, section, parameter, detached: detached ? 1 : 0, spreadable: 0, maxParallel },
    settings,
  );
}

function taskRow(
  identity: Pick<
    TaskRow,
    'scope' | 'action' | 'section' | 'parameter' | 'detached' | 'spreadable' | 'maxParallel'
  >,
  settings: ScheduleSettings,
): TaskRow {
  return {
    ...identity,
    definition: settings.definition,
    timezone: settings.timezone,
    catchup: settings.catchup,
    maxLatenessMs: settings.maxLatenessMs,
    unrecorded: settings.unrecorded ? 1 : 0,
    hooks: settings.hooks && JSON.stringify(settings.hooks),
    nextDue: null,
    error: settings.error,
  };
}

/**
 * Sets when the row is due next, or why it never will be. A slot that is due already stays due when
 * its schedule did not change: an edit elsewhere in the file must not lose it.
 */
async function setNextDue(
  row: TaskRow,
  { deps, now, claims }: Refresh,
  before: TaskRow | undefined,
  lastRun: Pick<TaskWithHistory, 'lastAt' | 'slotAt'> | undefined,
): Promise<void> {
  if (row.error !== null || row.definition === '') return;
  const pending = before?.nextDue ?? null;
  const unchanged = before?.definition === row.definition && before.timezone === row.timezone;
  if (pending !== null && pending <= now && unchanged) {
    row.nextDue = pending;
    return;
  }
  try {
    const last = lastOf(lastRun, now);
    const { schedule, context } = await evaluationOf(row, deps.nodename, now, last);
    row.nextDue =
      claims && evaluate(schedule, context).due
        ? floorMinute(now)
        : (nextRun(schedule, context) ?? null);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    row.error = error.message;
  }
}
