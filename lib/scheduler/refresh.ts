import { statSync } from 'node:fs';
import { formatObjectPath, objectOfConfigFile } from '../config/object-path.js';
import { AgentError } from '../errors/agent-error.js';
import { nodeTasks } from '../node/catalogue.js';
import { floorMinute } from '../schedule/context.js';
import { evaluate } from '../schedule/due.js';
import { nextRun } from '../schedule/next.js';
import { readServiceSchedules, type ServiceSchedule } from '../service/schedules.js';
import { lastRunTable } from '../store/last-runs.js';
import { metaTable } from '../store/meta.js';
import { type SourceRow, sourceTable } from '../store/sources.js';
import type { Store } from '../store/store.js';
import { type TaskRow, taskTable } from '../store/tasks.js';
import { type ScheduleSettings, scheduleSettings } from '../task/schedule-settings.js';
import type { SchedulerDeps } from './deps.js';
import { evaluationOf } from './evaluation.js';
import { configurationDirectories, namesIn } from './fingerprint.js';
import type { RunServices } from './run-services.js';

export interface Refresh {
  deps: SchedulerDeps;
  store: Store;
  services: Pick<RunServices, 'settings' | 'log'>;
  fingerprint: string;
  now: number;
  /** Judge every row anew, also of unchanged files: the clock, the zone or the program changed. */
  recompute: boolean;
}

/**
 * Makes the schedule index equal to the configuration: parses the files whose stamp changed, forgets
 * the ones that are gone. One bad file or section costs only itself; its rows say why.
 */
export async function refreshIndex(refresh: Refresh): Promise<void> {
  const { deps, store, services, fingerprint } = refresh;
  const sources = sourceTable(store);
  const known = new Map(sources.all().map((row) => [row.path, row]));
  const tasks = taskTable(store);
  const indexed = metaTable(store).get('fingerprint');
  const everything = refresh.recompute || circumstances(indexed) !== circumstances(fingerprint);

  const changes: { source: SourceRow; rows: TaskRow[] }[] = [];
  const current = new Set<string>();
  for (const path of configurationFiles(refresh.deps)) {
    const scope = scopeOf(deps, path);
    const stamp = stampOf(path);
    if (scope === undefined || (stamp === undefined && scope !== 'node')) continue;
    current.add(path);
    if (!everything && known.get(path)?.stamp === (stamp ?? '')) continue;

    const { rows, problem } =
      scope === 'node' ? nodeRows(services.settings) : serviceRows(deps, path, scope);
    const before = new Map(
      tasks.ofScope(scope).map((row) => [`${row.action}\n${row.section}`, row]),
    );
    for (const row of rows) {
      await setNextDue(row, refresh, before.get(`${row.action}\n${row.section}`));
    }
    changes.push({ source: { path, scope, stamp: stamp ?? '', problem }, rows });
    if (problem && problem !== known.get(path)?.problem) {
      services.log.error('configuration unusable', { file: path, why: problem });
    }
  }

  store.immediate(() => {
    for (const { source, rows } of changes) {
      tasks.replaceScope(source.scope, rows);
      sources.put(source);
    }
    for (const [path, { scope }] of known) {
      if (current.has(path)) continue;
      tasks.removeScope(scope);
      sources.remove(path);
    }
    metaTable(store).set('fingerprint', fingerprint);
  });
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

function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
}

interface Rows {
  rows: TaskRow[];
  problem: string | null;
}

function nodeRows(settings: RunServices['settings']): Rows {
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

function serviceRows({ paths, nodename }: SchedulerDeps, file: string, scope: string): Rows {
  try {
    const schedules = readServiceSchedules(paths, file, nodename);
    return { rows: schedules.map((schedule) => serviceRow(scope, schedule)), problem: null };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { rows: [], problem: error.message };
  }
}

function serviceRow(scope: string, schedule: ServiceSchedule): TaskRow {
  const { action, section, parameter, maxParallel, settings } = schedule;
  return taskRow(
    { scope, action, section, parameter, detached: 1, spreadable: 0, maxParallel },
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
  { deps, store, now, recompute }: Refresh,
  before: TaskRow | undefined,
): Promise<void> {
  if (row.error !== null || row.definition === '') return;
  const pending = before?.nextDue ?? null;
  const unchanged = before?.definition === row.definition && before.timezone === row.timezone;
  if (pending !== null && pending <= now && unchanged && !recompute) {
    row.nextDue = pending;
    return;
  }
  try {
    const last = lastRunTable(store).get(row)?.lastAt ?? null;
    const { schedule, context } = await evaluationOf(row, deps.nodename, now, last);
    row.nextDue = evaluate(schedule, context).due
      ? floorMinute(now)
      : (nextRun(schedule, context) ?? null);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    row.error = error.message;
  }
}
