import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../errors/agent-error.js';
import { type RunEnd, type RunRow, runTable } from '../store/runs.js';
import { StoreUnwritableError } from '../store/store.js';
import { executeRow } from './execute.js';
import { queueStartPing } from './hooks.js';
import { type LedgerWriter, ledgerWriter } from './ledger-writer.js';
import { type Outcome, plainOutcome } from './outcome.js';
import type { RunServices } from './run-services.js';
import { spool } from './spool.js';

export interface WorkOptions {
  /** This process, as the ledger knows it. */
  ownerPid: number;
  /** How many runs go at once; default 10. */
  parallel?: number;
  /** Monotonic ms at which what still runs is ended; default: each task's own timeout alone. */
  deadline?: number;
}

/**
 * Runs ledger rows that this process owns: several at once, rows of one task one after the other in
 * slot order. Each start and each end is on disk before the next step; those that come together
 * share one commit.
 */
export async function workOff(
  rows: readonly RunRow[],
  services: RunServices,
  options: WorkOptions,
): Promise<void> {
  const queues = groupByTask(rows);
  const pool: Pool = { services, options, ledger: ledgerWriter(services.store) };
  const size = Math.min(options.parallel ?? 10, queues.length);
  await Promise.all(
    Array.from({ length: size }, () => {
      let group: RunRow[] = [];
      return workInTurn(pool, () => {
        if (group.length === 0) group = queues.shift() ?? [];
        return group.shift();
      });
    }),
  );
}

interface Pool {
  services: RunServices;
  options: WorkOptions;
  ledger: LedgerWriter;
}

function groupByTask(rows: readonly RunRow[]): RunRow[][] {
  const groups = new Map<string, RunRow[]>();
  for (const row of rows) {
    const key = `${row.scope}\n${row.action}\n${row.section}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/**
 * Runs one row after the other. The end of a run and the start of the next are one commit; a row
 * whose start is not on disk is not run, the next tick hands it on.
 */
async function workInTurn(pool: Pool, take: () => RunRow | undefined): Promise<void> {
  const { ledger, services } = pool;
  let row: RunRow | undefined;
  let end: RunEnd | undefined;
  do {
    const before = row;
    const following = take();
    let startedAt: number | undefined;
    try {
      await ledger.write(() => {
        if (before && end) recordEnd(services, before, end);
        if (following) startedAt = start(pool, following);
      });
    } catch (error) {
      if (!(error instanceof StoreUnwritableError)) throw error;
      startedAt = undefined;
      if (before && end) await keepForLater(pool, before, end, error);
    }
    row = following;
    end = undefined;
    if (!row || startedAt === undefined) continue;
    row = { ...row, startedAt };
    end = await execute(pool, row);
  } while (row);
}

/** Belongs into a transaction. @returns when it starts; undefined: another process took the row */
function start({ services, options }: Pool, row: RunRow): number | undefined {
  const { store, clock } = services;
  const at = clock.now();
  if (!runTable(store).start(row.id, row.batch, at, options.ownerPid)) return undefined;
  queueStartPing(store, row, at);
  return at;
}

async function execute({ services, options, ledger }: Pool, row: RunRow): Promise<RunEnd> {
  const { store, clock } = services;
  let outcome: Outcome;
  try {
    outcome = await executeRow(row, services, {
      deadline: options.deadline,
      onStart: ({ pid, startTime, cgroup = null }) =>
        ledger.later(() =>
          runTable(store).setChild(row.id, { childPid: pid, childStart: startTime, cgroup }),
        ),
    });
  } catch (error) {
    outcome = plainOutcome('failed', errorText(error), 1);
    const stack = error instanceof Error ? error.stack : undefined;
    services.log.error('a bug ended the run', { id: row.id, stack });
  }
  const end: RunEnd = { ...outcome, id: row.id, endedAt: clock.now() };
  report(services, row, end);
  return end;
}

/** Belongs into a transaction. */
function recordEnd(services: RunServices, row: RunRow, end: RunEnd): void {
  if (runTable(services.store).end(end)) services.recordEnd(row, end);
}

/** Between two tries to write an end that no spool could take: this process alone knows of it. */
const retryPausesMs = [1, 2, 5, 10, 20, 30, 60, 60, 60, 60].map((seconds) => seconds * 1000);

async function keepForLater(
  { services, ledger }: Pool,
  row: RunRow,
  end: RunEnd,
  error: StoreUnwritableError,
): Promise<void> {
  const kept = spool(services.paths, { kind: 'end', end });
  services.log.error('run not recorded yet', { id: end.id, kept, why: error.message });
  if (kept) return;
  for (const pause of retryPausesMs) {
    await delay(pause);
    try {
      return await ledger.write(() => recordEnd(services, row, end));
    } catch (cause) {
      if (!(cause instanceof StoreUnwritableError)) throw cause;
    }
  }
  services.log.error('run could not be recorded', { id: end.id, state: end.state });
}

/** A run that went well says nothing; the ledger has it. */
function report(services: RunServices, row: RunRow, end: RunEnd): void {
  if (end.state === 'ok') return;
  const fields = {
    id: row.id,
    action: row.action,
    state: end.state,
    exit: end.exitCode ?? undefined,
    signal: end.signal ?? undefined,
    why: end.reason ?? undefined,
  };
  const log = services.logOf(row.scope);
  if (end.state === 'skipped') log.info('run skipped', fields);
  else log.error('run failed', fields);
}
