import { textOfExpression } from '../config/expression.js';
import type { Keyword } from '../config/keyword.js';
import { baseKey } from '../config/keyword-path.js';
import type { Evaluator } from '../config/values.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import { scheduleKeywords } from '../task/schedule-keywords.js';
import { type ScheduleSettings, scheduleSettings } from '../task/schedule-settings.js';
import { groupOf } from './sections.js';
import { readServiceFile } from './service-file.js';

/** One schedule that a service file asks for. */
export interface ServiceSchedule {
  /** The rid, as in `print schedule`. */
  action: string;
  section: string;
  /** Where the schedule is written: `task#1.schedule`. */
  parameter: string;
  maxParallel: number;
  settings: ScheduleSettings;
}

/** Keywords outside the schedule table that decide about a row. */
const rowKeywords = {
  ...scheduleKeywords,
  schedule: { ...scheduleKeywords.schedule, inherit: { mapped: 'run_schedule' } },
  type: { kind: 'lower', default: 'host', scopable: true, inherit: 'leaf', text: '' },
  disable: { kind: 'boolean', default: 'false', scopable: true, inherit: 'leaf', text: '' },
  confirmation: { kind: 'boolean', default: 'false', scopable: true, text: '' },
  max_parallel: { kind: 'integer', default: '1', scopable: true, text: '' },
  command: { kind: 'string', scopable: true, command: true, text: '' },
} as const satisfies Record<string, Keyword>;

const truths = new Set(['yes', 'y', 'true', 't', '1']);

/**
 * The schedules of one service file: a row for each task that is not disabled and asks nobody. A
 * section that cannot be used has a row with its error.
 *
 * @throws AgentError when the file cannot be read at all
 */
export function readServiceSchedules(
  paths: Paths,
  file: string,
  nodename: string,
): ServiceSchedule[] {
  const { ini, evaluator } = readServiceFile(file, { paths, nodename });
  const header = ini.problems.find(({ section }) => section === undefined);
  if (header && ini.sections.length === 0) {
    throw new AgentError('E_CONFIG', `${file}:${header.line}: ${header.message}`, {
      exit: 'config',
    });
  }
  const all = (section: string, key: keyof typeof rowKeywords): string | undefined =>
    textOf(evaluator, section, key);
  if (truths.has(all('DEFAULT', 'disable')?.toLowerCase() ?? '')) return [];

  return ini.sections.flatMap(({ name, broken }) => {
    if (groupOf(name) !== 'task') return [];
    const raw = (key: string): string | undefined => all(name, key as keyof typeof rowKeywords);
    const row = (settings: ScheduleSettings, maxParallel = 1): ServiceSchedule => ({
      action: name,
      section: name,
      parameter: parameterOf(evaluator, name),
      maxParallel,
      settings,
    });
    try {
      if (truths.has(raw('disable')?.toLowerCase() ?? '')) return [];
      if (truths.has(raw('confirmation')?.toLowerCase() ?? '')) return [];
      const settings = scheduleSettings(raw);
      const maxParallel = Math.max(1, Number.parseInt(raw('max_parallel') ?? '1', 10) || 1);
      const error = settings.error ?? whyUnusable(raw, broken);
      return [row({ ...settings, error }, maxParallel)];
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return [row({ ...scheduleSettings(() => undefined), error: error.message })];
    }
  });

  function whyUnusable(raw: (key: string) => string | undefined, broken: boolean): string | null {
    if (broken) return 'its section does not parse';
    const type = raw('type');
    if (type !== 'host') return `there is no driver task.${type}`;
    return raw('command') ? null : 'command is required';
  }
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
  const found = evaluator.find(section, key, rowKeywords[key]);
  if (!found || !/[{$]/.test(found.text)) return found?.text;
  const isCommand = 'command' in rowKeywords[key];
  return textOfExpression(evaluator.evaluate(found.text, section, isCommand).value);
}
