import { convertKeyword } from '../config/convert.js';
import { AgentError } from '../errors/agent-error.js';
import {
  defaultCatchup,
  type Hooks,
  hookNames,
  parseCatchup,
  scheduleKeywords,
} from './schedule-keywords.js';

/** What a section says of its schedule, converted. */
export interface ScheduleSettings {
  /** The schedule as written; empty: never. */
  definition: string;
  timezone: string | null;
  catchup: string;
  maxLatenessMs: number | null;
  unrecorded: boolean;
  hooks: Hooks | null;
  /** Why the settings are unusable, null when they are fine. */
  error: string | null;
}

/**
 * Reads the schedule keywords of one section.
 * @param raw the text of a keyword, references resolved; undefined when it is not set
 */
export function scheduleSettings(raw: (key: string) => string | undefined): ScheduleSettings {
  let error: string | null = null;
  const converted = <K extends 'max_lateness' | 'run_if_unrecorded'>(key: K): unknown => {
    const text = raw(key);
    if (text === undefined) return undefined;
    return guarded(() => convertKeyword(scheduleKeywords[key], text));
  };
  const guarded = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof AgentError)) throw cause;
      error ??= cause.message;
      return undefined;
    }
  };

  const hooks: Record<string, string> = {};
  for (const name of hookNames) {
    const text = raw(name);
    if (text) hooks[name] = text;
  }
  const catchup = raw('catchup') ?? defaultCatchup;
  guarded(() => parseCatchup(catchup));
  const maxLatenessMs = converted('max_lateness') as number | undefined;
  const unrecorded = converted('run_if_unrecorded') as boolean | undefined;
  return {
    definition: raw('schedule')?.trim() ?? '',
    timezone: raw('timezone') || null,
    catchup: error === null ? catchup : defaultCatchup,
    maxLatenessMs: maxLatenessMs ?? null,
    unrecorded: unrecorded ?? false,
    hooks: Object.keys(hooks).length > 0 ? hooks : null,
    error,
  };
}
