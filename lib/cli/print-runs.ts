/** print runs: the ledger, newest first. Shared by nodemgr and svcmgr. */
import { AgentError } from '../errors/agent-error.js';
import { parseTimestamp } from '../schedule/timestamp.js';
import { localZone } from '../schedule/zone.js';
import { type RunState, runStates, runTable } from '../store/runs.js';
import { parseDuration } from '../units/duration.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';
import { runDocument, runShape } from './run-shape.js';
import { listDocument } from './shape.js';

export const printRunsOptions = {
  task: {
    type: 'string',
    value: 'NAME',
    describe: 'only this action or section (pushasset, task#1)',
  },
  state: { type: 'list', value: 'STATE', describe: `only these states: ${runStates.join(', ')}` },
  failed: { type: 'boolean', default: false, describe: 'only failed, timeout, lost and missed' },
  since: {
    type: 'string',
    value: 'TIME',
    describe: 'only what was decided since then: a duration (2h) or YYYY-MM-DD[ HH:MM]',
  },
  limit: { type: 'number', default: 50, value: 'N', describe: 'at most so many rows' },
} as const satisfies OptionTable;

export async function printRuns(
  app: App,
  args: Args<typeof printRunsOptions>,
  {
    scopes,
    servicesOnly = false,
  }: { scopes: readonly string[] | undefined; servicesOnly?: boolean },
): Promise<void> {
  const store = await app.store();
  const rows = runTable(store).list({
    scopes,
    servicesOnly,
    task: args.task,
    states: statesOf(args),
    since: args.since === undefined ? undefined : sinceOf(args.since, app.clock.now()),
    limit: args.limit,
  });
  await app.emit(listDocument(runShape, rows.map(runDocument)), args);
}

function statesOf({ state, failed }: Args<typeof printRunsOptions>): RunState[] {
  if (failed) return ['failed', 'timeout', 'lost', 'missed'];
  return (state ?? [])
    .flatMap((text) => text.split(','))
    .map((word) => {
      const known = runStates.find((candidate) => candidate === word);
      if (known) return known;
      throw new AgentError('E_USAGE', `unknown state: ${word}`, {
        exit: 'usage',
        remedy: `states are ${runStates.join(', ')}`,
      });
    });
}

/** UTC ms of `--since`: an age, or a local time; without a time of day its begin. */
function sinceOf(text: string, now: number): number {
  const age = parseDuration(text);
  if (age !== undefined) return now - age;
  try {
    return parseTimestamp(/^[\d-]+$/.test(text) ? `${text} 00:00` : text, localZone());
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause;
    throw new AgentError('E_USAGE', `--since: "${text}" is neither a duration nor a time`, {
      exit: 'usage',
      remedy: 'write 90m, 2h, 7d, 2026-03-01 or "2026-03-01 08:00"',
      cause,
    });
  }
}
