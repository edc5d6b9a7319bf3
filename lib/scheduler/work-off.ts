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
  const ledger = ledgerWriter(services.store);
  const queues = groupByTask(rows);
  const workers = Array.from(
    { length: Math.min(options.parallel ?? 10, queues.length) },
    async () => {
      for (let queue = queues.shift(); queue; queue = queues.shift()) {
        for (const row of queue) await workOne(row, services, ledger, options);
      }
    },
  );
  await Promise.all(workers);
  ledger.settle();
}

function groupByTask(rows: readonly RunRow[]): RunRow[][] {
  const groups = new Map<string, RunRow[]>();
  for (const row of rows) {
    const key = `${row.scope}\n${row.action}\n${row.section}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

async function workOne(
  row: RunRow,
  services: RunServices,
  ledger: LedgerWriter,
  options: WorkOptions,
): Promise<void> {
  const { store, clock, log } = services;
  const runs = runTable(store);
  const startedAt = clock.now();
  let mine = false;
  await ledger.write(() => {
    mine = runs.start(row.id, row.batch, startedAt, options.ownerPid);
    if (mine) queueStartPing(store, row, startedAt);
  });
  if (!mine) return;

  let outcome: Outcome;
  try {
    outcome = await executeRow(row, services, {
      deadline: options.deadline,
      onStart: ({ pid, startTime, cgroup }) =>
        void ledger
          .write(() =>
            runs.setChild(row.id, {
              childPid: pid,
              childStart: startTime,
              cgroup: cgroup ?? null,
            }),
          )
          .catch(() => undefined),
    });
  } catch (error) {
    outcome = plainOutcome('failed', messageOf(error), 1);
  }

  const end: RunEnd = { ...outcome, id: row.id, endedAt: clock.now() };
  report(services, row, end);
  try {
    await ledger.write(() => {
      if (runs.end(end)) services.recordEnd(row, end);
    });
  } catch (error) {
    if (!(error instanceof StoreUnwritableError)) throw error;
    const kept = spool(services.paths, { kind: 'end', end });
    log.error('run not recorded yet', { id: row.id, kept, why: error.message });
  }
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
