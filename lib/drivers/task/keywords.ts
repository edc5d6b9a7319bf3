import { defineKeywords } from '../../config/keyword.js';
import { scheduleKeywords } from '../../task/schedule-keywords.js';

/** Keywords of every task resource (spec service 8.8). */
export const taskKeywords = defineKeywords({
  ...scheduleKeywords,
  schedule: { ...scheduleKeywords.schedule, inherit: { mapped: 'run_schedule' } },
  on_error: {
    kind: 'string',
    scopable: true,
    command: true,
    text: 'Command run when `command` fails, before the run is recorded.',
  },
  confirmation: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Ask before it runs; such a task is never scheduled.',
  },
  log: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Write the output into the log of the service.',
  },
  max_parallel: {
    kind: 'integer',
    default: '1',
    scopable: true,
    text: 'How many runs may go at once.',
  },
  check: {
    kind: 'string',
    candidates: ['last_run'],
    strict: true,
    scopable: true,
    text: 'With `last_run` the status of the resource follows the last exit code.',
  },
});
