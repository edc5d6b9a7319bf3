import { defineKeywords } from '../config/keyword.js';
import { AgentError } from '../errors/agent-error.js';

/** How many of the slots that nobody ran are made up for. */
export type Catchup =
  | { readonly kind: 'none' }
  | { readonly kind: 'last' }
  | { readonly kind: 'all'; readonly count: number };

export const defaultCatchup = 'last';

/** Reads `none`, `last` or `all:N`. @throws AgentError `E_VALUE` */
export function parseCatchup(text: string): Catchup {
  if (text === 'none' || text === 'last') return { kind: text };
  const count = Number(/^all:([1-9]\d{0,3})$/.exec(text)?.[1]);
  if (Number.isInteger(count)) return { kind: 'all', count };
  throw new AgentError('E_VALUE', `"${text}" is not none, last or all:N (N from 1 to 9999)`, {
    exit: 'config',
  });
}

/** Hooks of a task, by keyword. */
export type Hooks = { readonly [K in (typeof hookNames)[number]]?: string };

export const hookNames = [
  'on_success',
  'on_failure',
  'on_missed',
  'on_recovered',
  'ping_url',
] as const;

/** Keywords of everything that has a schedule, on the node and in services. */
export const scheduleKeywords = defineKeywords({
  schedule: {
    kind: 'schedule',
    scopable: true,
    text: 'When the task runs: the native schedule language, a cron expression, or a JSON list of these. See docs/schedules.md.',
  },
  timezone: {
    kind: 'string',
    scopable: true,
    text: 'Zone of the IANA database in which the schedule is judged. Default: the zone of the node.',
  },
  catchup: {
    kind: 'string',
    default: defaultCatchup,
    candidates: ['last', 'none', 'all:5'],
    text: 'What happens to slots that passed without a tick: `none` are made up for, the `last` one, or the newest N (`all:N`). All others are recorded as missed. Nothing runs outside its window.',
  },
  max_lateness: {
    kind: 'duration',
    text: 'A slot that could start only later than this is recorded as missed. It is also how long a cron expression or a single time stays due (10m when not set).',
  },
  timeout: {
    kind: 'duration',
    scopable: true,
    text: 'Longest run time. Then the whole process tree is ended: TERM, ten seconds, KILL.',
  },
  run_if_unrecorded: {
    kind: 'boolean',
    default: 'false',
    text: 'Run even while the store cannot be written (full disk); recorded as soon as it can.',
  },
  on_success: {
    kind: 'string',
    command: true,
    text: 'Command run after each success. Shell when it holds |, && or ;. The environment tells the run (OPENSVC_RUN_*).',
  },
  on_failure: {
    kind: 'string',
    command: true,
    text: 'Command run after a run that failed, timed out or was lost.',
  },
  on_missed: {
    kind: 'string',
    command: true,
    text: 'Command run when slots passed without a run, once for each gap.',
  },
  on_recovered: {
    kind: 'string',
    command: true,
    text: 'Command run after the first success that follows a failure.',
  },
  ping_url: {
    kind: 'string',
    secret: true,
    text: 'HTTP(S) address of a dead-man switch: POST to <url>/start when a run begins, to <url>/<exit code> when it ended, with the run id and the tail of the output.',
  },
});
