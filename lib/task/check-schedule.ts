import type { Finding } from '../config/finding.js';
import type { IniFile } from '../config/ini.js';
import { baseKey } from '../config/keyword-path.js';
import { AgentError } from '../errors/agent-error.js';
import { compileSchedule, parseNative, usesCron } from '../schedule/parse.js';
import { scheduleWarnings } from '../schedule/warnings.js';
import { namedZone } from '../schedule/zone.js';
import { parseCatchup } from './schedule-keywords.js';

const isScheduleKey = (key: string): boolean => /(^|_)schedule$/.test(baseKey(key));

/** Why a native schedule is malformed; cron expressions are judged by `scheduleFindings`. */
export function checkSchedule(text: string): string | undefined {
  try {
    if (text.trim() !== '' && !usesCron(text)) parseNative(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return error.message;
  }
}

/** Why a schedule of any kind is malformed, undefined when it is fine. */
export async function checkAnySchedule(text: string): Promise<string | undefined> {
  try {
    await compileSchedule(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return error.message;
  }
}

/** Malformed cron expressions, and schedules that are allowed and probably not meant. */
export async function scheduleFindings(ini: IniFile): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name: section, entries } of ini.sections) {
    for (const { key, value, line } of entries) {
      if (!isScheduleKey(key) || value.includes('{')) continue;
      const place = { line, section, key };
      const refusal = await checkAnySchedule(value);
      if (refusal !== undefined) {
        if (usesCronSafely(value)) findings.push({ level: 'error', ...place, message: refusal });
        continue;
      }
      for (const { element, text } of scheduleWarnings(value)) {
        findings.push({ level: 'warning', ...place, message: `${text} in '${element}'` });
      }
    }
  }
  return findings;
}

/** Values of `catchup` and `timezone` that mean nothing. */
export function checkCatchups(ini: IniFile): Finding[] {
  return ini.sections.flatMap(({ name: section, entries }) =>
    entries.flatMap(({ key, value, line }): Finding[] => {
      const check = { catchup: parseCatchup, timezone: namedZone }[baseKey(key)];
      if (!check || value.includes('{')) return [];
      try {
        check(value);
        return [];
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        return [{ level: 'error', line, section, key, message: error.message }];
      }
    }),
  );
}

function usesCronSafely(text: string): boolean {
  try {
    return usesCron(text);
  } catch {
    return false;
  }
}
