import { join } from 'node:path';
import { textOfExpression } from '../config/expression.js';
import { readConfigFile } from '../config/file.js';
import type { IniFile, IniSection } from '../config/ini.js';
import type { Keyword } from '../config/keyword.js';
import { baseKey } from '../config/keyword-path.js';
import type { Evaluator } from '../config/values.js';
import { drivers } from '../drivers/catalogue.js';
import { packageRoot } from '../env/package-root.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import { scheduleKeywords } from '../task/schedule-keywords.js';
import { type ScheduleSettings, scheduleSettings } from '../task/schedule-settings.js';
import { isDisabledBy } from './legacy-lists.js';
import { isOurs, type Membership, membershipOf } from './membership.js';
import { scheduledActions, syncAction } from './scheduled-actions.js';
import { driverIdOf, groupOf, implicitSync } from './sections.js';
import { readServiceFile } from './service-file.js';

/** One schedule that a service file asks for. */
export interface ServiceSchedule {
  /** The rid of a task, or the action; as in `print schedule`. */
  action: string;
  section: string;
  /** Where the schedule is written: `task#1.schedule`. */
  parameter: string;
  maxParallel: number;
  /** Runs in a worker, not in the tick itself. */
  detached: boolean;
  settings: ScheduleSettings;
}

/** Keywords outside the schedule table that decide about a row. */
const rowKeywords = {
  ...scheduleKeywords,
  schedule: { ...scheduleKeywords.schedule, inherit: { mapped: 'run_schedule' } },
  type: { kind: 'lower', default: 'host', scopable: true, inherit: 'leaf', text: '' },
  disable: { kind: 'boolean', default: 'false', scopable: true, inherit: 'leaf', text: '' },
  encap: { kind: 'boolean', default: 'false', scopable: true, text: '' },
  tags: { kind: 'list', scopable: true, text: '' },
  confirmation: { kind: 'boolean', default: 'false', scopable: true, text: '' },
  max_parallel: { kind: 'integer', default: '1', scopable: true, text: '' },
  command: { kind: 'string', scopable: true, command: true, text: '' },
} as const satisfies Record<string, Keyword>;

const truths = new Set(['yes', 'y', 'true', 't', '1']);

/**
 * The schedules of one service file: a row for each task that is not disabled and asks nobody. A
 * section that cannot be used has a row with its error. A service of other nodes has none.
 *
 * @throws AgentError when the file cannot be read at all
 */
export function readServiceSchedules(
  paths: Paths,
  file: string,
  nodename: string,
  nodeConf: (section: string, key: string) => string | undefined,
): ServiceSchedule[] {
  const { ini, evaluator } = readServiceFile(file, { paths, nodename, nodeConf });
  const header = ini.problems.find(({ section }) => section === undefined);
  if (header && ini.sections.length === 0) {
    throw new AgentError('E_CONFIG', `${file}:${header.line}: ${header.message}`, {
      exit: 'config',
    });
  }
  const all = (section: string, key: keyof typeof rowKeywords): string | undefined =>
    textOf(evaluator, section, key);
  if (truths.has(all('DEFAULT', 'disable')?.toLowerCase() ?? '')) return [];
  const membership = membershipOf(evaluator);
  const { nodes, drpnodes } = membership;
  if (!nodes.includes(nodename) && !drpnodes.includes(nodename)) return [];

  return [
    ...ini.sections.flatMap(rowsOfSection),
    ...actionRows(evaluator, membership, nodeConf),
    ...syncRows(evaluator, membership, nodeConf),
  ];

  function rowsOfSection({ name, broken }: IniSection): ServiceSchedule[] {
    if (groupOf(name) !== 'task') return [];
    const raw = (key: string): string | undefined => all(name, key as keyof typeof rowKeywords);
    const row = (settings: ScheduleSettings, maxParallel = 1): ServiceSchedule => ({
      action: name,
      section: name,
      parameter: parameterOf(evaluator, name),
      maxParallel,
      detached: true,
      settings,
    });
    try {
      const disable = truths.has(raw('disable')?.toLowerCase() ?? '');
      if (isDisabledBy(disable, evaluator, name)) return [];
      if (!isOurs(isEncap(evaluator, name), membership)) return [];
      if (truths.has(raw('confirmation')?.toLowerCase() ?? '')) return [];
      const settings = scheduleSettings(raw);
      const maxParallel = Math.max(1, Number.parseInt(raw('max_parallel') ?? '1', 10) || 1);
      const error = settings.error ?? whyUnusable(raw, broken);
      return [row({ ...settings, error }, maxParallel)];
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return [row({ ...scheduleSettings(() => undefined), error: error.message })];
    }
  }

  function whyUnusable(raw: (key: string) => string | undefined, broken: boolean): string | null {
    if (broken) return 'its section does not parse';
    const type = raw('type');
    if (!(`task.${type}` in drivers)) return `there is no driver task.${type}`;
    return type !== 'host' || raw('command') ? null : 'command is required';
  }
}

/** The rows of what is done for the service itself. */
function actionRows(
  evaluator: Evaluator,
  { isEncapNode }: Membership,
  nodeConf: (section: string, key: string) => string | undefined,
): ServiceSchedule[] {
  return scheduledActions.flatMap(({ name, key, aliases, isPresent }) => {
    if (!isPresent(evaluator)) return [];
    const written = [key, ...aliases].find((word) => evaluator.find('DEFAULT', word, headKeyword));
    const row = (settings: ScheduleSettings): ServiceSchedule => ({
      action: name,
      section: 'DEFAULT',
      parameter: `DEFAULT.${written ?? key}`,
      maxParallel: 1,
      // Inline work talks to nobody slow: agents in containers may be.
      detached: !isEncapNode && evaluator.sets.encapnodes.length > 0,
      settings,
    });
    try {
      const definition =
        written === undefined
          ? (nodeConf(name, 'schedule') ?? shippedSchedule(name))
          : textOfFound(evaluator, 'DEFAULT', written, headKeyword);
      return [row(scheduleSettings((wanted) => (wanted === 'schedule' ? definition : undefined)))];
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return [row({ ...scheduleSettings(() => undefined), error: error.message })];
    }
  });
}

/** A row for each resource that copies to other nodes; all of them are run as `sync all`. */
function syncRows(
  evaluator: Evaluator,
  membership: Membership,
  nodeConf: (section: string, key: string) => string | undefined,
): ServiceSchedule[] {
  const { nodes, drpnodes } = membership;
  const names = evaluator.ini.sections.map(({ name }) => name);
  if (nodes.length + drpnodes.length > 1 && !names.includes(implicitSync)) names.push(implicitSync);
  return names.flatMap((rid) => {
    if (groupOf(rid) !== 'sync' || !(driverIdOf(evaluator, rid) in drivers)) return [];
    const disabled = textOf(evaluator, rid, 'disable')?.toLowerCase() ?? '';
    if (truths.has(disabled) || !isOurs(isEncap(evaluator, rid), membership)) return [];
    const found = evaluator.find(rid, 'schedule', syncKeyword);
    const row = (settings: ScheduleSettings): ServiceSchedule => ({
      action: syncAction,
      section: rid,
      parameter: found?.section === 'DEFAULT' ? 'DEFAULT.sync_schedule' : `${rid}.schedule`,
      maxParallel: 1,
      detached: true,
      settings,
    });
    try {
      const definition =
        found === undefined
          ? (nodeConf(syncAction, 'schedule') ?? shippedSchedule(syncAction))
          : textOfFound(evaluator, rid, 'schedule', syncKeyword);
      return [row(scheduleSettings((wanted) => (wanted === 'schedule' ? definition : undefined)))];
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return [row({ ...scheduleSettings(() => undefined), error: error.message })];
    }
  });
}

/** What the agent inside a container does. */
function isEncap(evaluator: Evaluator, section: string): boolean {
  if (truths.has(textOf(evaluator, section, 'encap')?.toLowerCase() ?? '')) return true;
  return textOf(evaluator, section, 'tags')?.split(/\s+/).includes('encap') ?? false;
}

const syncKeyword: Keyword = {
  kind: 'schedule',
  scopable: true,
  inherit: { mapped: 'sync_schedule' },
  text: '',
};

const headKeyword: Keyword = { kind: 'schedule', scopable: true, inherit: 'head', text: '' };

let shipped: IniFile | undefined;

/** The default schedule of an action, unless node.conf has another one: `schedules/service.conf` is the only place where it is written. */
function shippedSchedule(action: string): string | undefined {
  shipped ??= readConfigFile(join(packageRoot, 'schedules', 'service.conf'))?.ini;
  return shipped?.byName.get(action)?.byKey.get('schedule')?.value;
}

/** Where the schedule of a task is written: in its section, or in DEFAULT as run_schedule. */
function parameterOf(evaluator: Evaluator, section: string): string {
  const found = evaluator.find(section, 'schedule', rowKeywords.schedule);
  return found?.section === 'DEFAULT' && found.entry
    ? `DEFAULT.${baseKey(found.entry.key)}`
    : `${section}.schedule`;
}

/** The text of one keyword, evaluated for this node. @throws AgentError for a bad reference */
function textOf(
  evaluator: Evaluator,
  section: string,
  key: keyof typeof rowKeywords,
): string | undefined {
  return textOfFound(evaluator, section, key, rowKeywords[key]);
}

function textOfFound(
  evaluator: Evaluator,
  section: string,
  key: string,
  keyword: Keyword,
): string | undefined {
  const found = evaluator.find(section, key, keyword);
  if (!found || !/[{$]/.test(found.text)) return found?.text;
  return textOfExpression(evaluator.evaluate(found.text, section, keyword.command).value);
}
