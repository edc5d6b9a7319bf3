import { selfIdentity } from '../env/process-identity.js';
import { errorText } from '../errors/agent-error.js';
import type { Log } from '../log/log.js';
import { lastRunTable } from '../store/last-runs.js';
import { metaTable } from '../store/meta.js';
import { outboxTable } from '../store/outbox.js';
import { readOverview } from '../store/overview.js';
import { type Owner, type RunRow, runTable } from '../store/runs.js';
import { type Store, StoreUnwritableError } from '../store/store.js';
import { dueTasks, type IndexedTask, taskTable } from '../store/tasks.js';
import { parseCatchup } from '../task/schedule-keywords.js';
import { type Claim, claimPlanned, type PlannedTask } from './claim.js';
import { cleanUp } from './clean-up.js';
import { clockStepMs } from './clock-step.js';
import { clearNotice, isNoticed } from './degraded-tick.js';
import { deliveryLeaseMs } from './deliver.js';
import type { SchedulerDeps, TickFilter } from './deps.js';
import { evaluationOf, lastOf } from './evaluation.js';
import { queueMissedHooks } from './hooks.js';
import { plainOutcome } from './outcome.js';
import type { Fate } from './reap.js';
import { type RunServices, runServices } from './run-services.js';
import { countedPerGap, planSlots } from './slots.js';
import { readSpooled, type SpooledEntry } from './spool.js';
import type { ClockReading, ScanStamp } from './stamps.js';

/** Inline work ends before the next tick begins. */
const inlineBudgetMs = 50_000;

/** For so long after a step forward nothing is too old for the ledger. */
const clockTrialMs = 24 * 3_600_000;

/** Counting the slots of long gaps takes no longer than this; then only the newest are looked at. */
const countBudgetMs = 3000;
const hurriedCount = 100;

export interface FullTick {
  deps: SchedulerDeps;
  store: Store;
  filter: TickFilter | undefined;
  reading: ClockReading;
  previous: ScanStamp | undefined;
  fingerprint: string;
}

interface Pass extends FullTick {
  services: RunServices;
  log: Log;
  owner: Owner;
  batch: string;
  epoch: number;
  now: number;
}

/** The part of a tick that has something to do: index, orphans, due rows, claims, work, clean-up. */
export async function fullTick(tick: FullTick): Promise<void> {
  const { deps, store, reading, fingerprint } = tick;
  const services = runServices(deps, store);
  const { log } = services;
  const { pid, startTime, bootId } = selfIdentity();
  const now = reading.wallMs;

  const step = settleClock(tick);
  if (step !== 0) reportStep(log, step);
  const meta = metaTable(store);
  if (meta.get('fingerprint') !== fingerprint) {
    const { refreshIndex } = await import('./refresh.js');
    await refreshIndex({ deps, store, log, fingerprint, now, claims: true });
  }
  const pass: Pass = {
    ...tick,
    services,
    log,
    owner: { ownerPid: pid, ownerStart: startTime, bootId },
    batch: `${pid}.${startTime}.${now}`,
    epoch: Number(meta.get('epoch') ?? 0),
    now,
  };

  const orphans = await settleOrphans(pass);
  const { claims, closed } = await claimDue(pass);
  if (isNoticed(deps.paths)) endTrouble(pass);

  const inline = claims.filter(({ task }) => task.detached === 0);
  const isSending = (readOverview(store).nextSend ?? Number.POSITIVE_INFINITY) <= now;
  const wantsWorker = orphans.inherited > 0 || inline.length < claims.length || isSending;
  const refusal = wantsWorker ? await startWorker(pass) : undefined;
  if (inline.length > 0) {
    const { workOff } = await import('./work-off.js');
    await workOff(rowsOf(store, inline), services, {
      ownerPid: pid,
      deadline: deps.clock.monotonic() + inlineBudgetMs,
    });
  }
  if (claims.length + closed + orphans.settled > 0) {
    cleanUp(services, now);
    await services.writeMetrics();
  }
  if (refusal !== undefined) throw refusal;
}

/**
 * Looks whether the clock was moved since the last look, and settles it once for all ticks that see
 * it: a clock that was set back opens a new epoch, and the index is made anew from now.
 *
 * @returns the step in ms when it is for this tick to tell, else 0
 */
function settleClock({ store, reading, previous, deps }: FullTick): number {
  const meta = metaTable(store);
  const stored = storedClock(meta.get('clock'));
  const seen = clockStepMs(previous ?? stored, reading);
  if (seen === 0) return 0;
  return store.immediate(() => {
    const known = storedClock(meta.get('clock'));
    if (known && clockStepMs(known, reading) === 0) return 0;
    putClock(store, reading);
    // A wrong clock must not cost the history: its age counts again when the clock was left alone.
    meta.set('aged_from', String(seen > 0 ? reading.wallMs + clockTrialMs : 0));
    if (seen < 0) {
      meta.set('epoch', String(Number(meta.get('epoch') ?? 0) + 1));
      meta.set('fingerprint', '');
      outboxTable(store).wake(deps.clock.now(), deliveryLeaseMs);
    }
    return seen;
  });
}

function storedClock(text: string | undefined): ScanStamp | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as ScanStamp);
}

/** Keeps the clock where a reboot does not lose it. */
function putClock(store: Store, { bootId, wallMs, uptimeMs }: ClockReading): void {
  const stamp: ScanStamp = { bootId, wallMs, bootedAtMs: wallMs - uptimeMs };
  metaTable(store).set('clock', JSON.stringify(stamp));
}

function reportStep(log: Log, stepMs: number): void {
  const seconds = Math.round(Math.abs(stepMs) / 1000);
  if (stepMs < 0) log.warn('the clock was set back; schedules start anew from now', { seconds });
  else log.warn('the clock was set forward; slots in between count as missed', { seconds });
}

/** The store refused writes before: says that this is over, when a write proves it. */
function endTrouble({ store, reading, deps, log }: Pass): void {
  store.immediate(() => putClock(store, reading));
  clearNotice(deps.paths);
  log.info('the store can be written again');
}

/** @returns the error when it could not be started; its rows are then handed on by the next tick */
async function startWorker({ deps, batch }: Pass): Promise<unknown> {
  try {
    await deps.startWorker?.(['worker', batch]);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Brings in what waited for the ledger, closes what dead workers left, hands on what they never started. */
async function settleOrphans(pass: Pass): Promise<{ inherited: number; settled: number }> {
  const { store, log, owner, batch, services, now } = pass;
  const runs = runTable(store);
  const open = runs.open();
  const spooled = readSpooled(services.paths, (path) => {
    log.error('spooled run unusable, put aside', { file: path });
  });
  if (open.length === 0 && spooled.length === 0) return { inherited: 0, settled: 0 };

  const known = new Set(
    spooled.map(({ spooled: entry }) => (entry.kind === 'end' ? entry.end.id : undefined)),
  );
  const { reapOrphans } = await import('./reap.js');
  const fates = await reapOrphans(
    open.filter(({ id }) => !known.has(id)),
    owner.bootId,
    now,
  );
  if (fates.length === 0 && spooled.length === 0) return { inherited: 0, settled: 0 };
  for (const entry of spooled) bringIn(pass, entry);
  let inherited = 0;
  store.immediate(() => {
    for (const fate of fates) {
      if (fate.kind === 'lost') recordLost(store, services, fate, now);
      else if (runs.adopt(fate.row.id, fate.row.batch, batch, owner)) inherited += 1;
    }
  });
  for (const fate of fates) {
    const { id, scope, action } = fate.row;
    if (fate.kind === 'lost') log.error('run lost', { id, scope, action, why: fate.reason });
  }
  return { inherited, settled: spooled.length + fates.length };
}

/** Each entry in its own transaction: one that the ledger refuses must not keep the others out. */
function bringIn({ store, services, log, epoch }: Pass, entry: SpooledEntry): void {
  try {
    store.immediate(() => recordSpooled(store, services, entry.spooled, epoch));
    entry.forget();
  } catch (error) {
    if (error instanceof StoreUnwritableError) throw error;
    entry.reject();
    log.error('spooled run unusable, put aside', { file: entry.path, why: errorText(error) });
  }
}

function recordSpooled(
  store: Store,
  services: RunServices,
  entry: SpooledEntry['spooled'],
  epoch: number,
): void {
  const runs = runTable(store);
  if (entry.kind === 'end') {
    const row = runs.get(entry.end.id);
    if (row && runs.end(entry.end)) services.recordEnd(row, entry.end);
    return;
  }
  const row = { ...entry.row, epoch: entry.row.origin === 'cron' ? epoch : 0 };
  const id = runs.insert(row);
  if (id === undefined) return;
  if (row.origin === 'cron') {
    lastRunTable(store).started(row, row.startedAt ?? row.claimedAt);
    if (row.slotBegin !== null) lastRunTable(store).decided(row, row.slotBegin);
  }
  services.recordEnd({ ...row, id }, { ...row, id, endedAt: row.endedAt ?? row.claimedAt });
}

function recordLost(
  store: Store,
  services: RunServices,
  { row, reason }: Extract<Fate, { kind: 'lost' }>,
  now: number,
): void {
  const end = { ...plainOutcome('lost', reason, null), id: row.id, endedAt: now };
  if (!runTable(store).end(end)) return;
  services.recordEnd(row, end);
}

/** Plans and claims what is due. @returns the claims, and how many tasks had slots closed unrun */
async function claimDue(pass: Pass): Promise<{ claims: Claim[]; closed: number }> {
  const { store, deps, now, log, filter, owner, batch, epoch } = pass;
  const due = dueTasks(store, now).filter((task) => filter?.(task) ?? true);
  if (due.length === 0) return { claims: [], closed: 0 };

  const planned: PlannedTask[] = [];
  const tasks = taskTable(store);
  const hurryAt = deps.clock.monotonic() + countBudgetMs;
  for (const task of due) {
    try {
      const last = lastOf(task, now);
      const { schedule, context } = await evaluationOf(task, deps.nodename, now, last);
      const policy = { catchup: parseCatchup(task.catchup), maxLatenessMs: task.maxLatenessMs };
      const limit = deps.clock.monotonic() < hurryAt ? countedPerGap : hurriedCount;
      planned.push({ task, plan: planSlots(schedule, task, policy, context, limit) });
    } catch (error) {
      const { scope, action } = task;
      log.error('schedule unusable', { scope, action, why: errorText(error) });
      store.immediate(() => tasks.disable(task.id, errorText(error)));
    }
  }

  const runs = runTable(store);
  const { claims, closed, missed } = store.immediate(() => {
    const open = new Map<string, RunRow[]>();
    for (const row of runs.open()) {
      const key = `${row.scope}\n${row.action}\n${row.section}`;
      open.set(key, [...(open.get(key) ?? []), row]);
    }
    const result = claimPlanned(
      planned,
      { tasks, runs, lastRuns: lastRunTable(store) },
      {
        now,
        epoch,
        owner,
        batch,
        newToken: pass.services.newToken,
        openRuns: (task: IndexedTask) =>
          open.get(`${task.scope}\n${task.action}\n${task.section}`) ?? [],
      },
    );
    for (const { task, plan } of result.missed) queueMissedHooks(store, task, plan.closed, now);
    if (result.claims.length + result.closed > 0) putClock(store, pass.reading);
    return result;
  });
  for (const { task, plan } of missed) {
    const gaps = plan.closed.filter(({ state }) => state === 'missed');
    log.warn('slots missed', {
      scope: task.scope,
      action: task.action,
      slots: gaps.reduce((sum, { count }) => sum + count, 0),
      first: new Date(gaps[0]?.begin ?? now).toISOString(),
      why: gaps.at(-1)?.reason,
    });
  }
  return { claims, closed };
}

function rowsOf(store: Store, claims: readonly Claim[]): RunRow[] {
  const runs = runTable(store);
  return claims.flatMap(({ runId }) => runs.get(runId) ?? []);
}
