import { selfIdentity } from '../env/process-identity.js';
import type { Log } from '../log/log.js';
import { lastRunTable } from '../store/last-runs.js';
import { metaTable } from '../store/meta.js';
import { outboxTable } from '../store/outbox.js';
import { trimRuns } from '../store/retention.js';
import { type Owner, type RunRow, runTable } from '../store/runs.js';
import type { Store } from '../store/store.js';
import { dueTasks, type IndexedTask, taskTable } from '../store/tasks.js';
import { parseCatchup } from '../task/schedule-keywords.js';
import { type Claim, claimPlanned, type PlannedTask } from './claim.js';
import { clockStepMs } from './clock-step.js';
import { clearNotice } from './degraded-tick.js';
import type { SchedulerDeps, TickFilter } from './deps.js';
import { evaluationOf } from './evaluation.js';
import { queueMissedHooks } from './hooks.js';
import { plainOutcome } from './outcome.js';
import { type Fate, reapOrphans } from './reap.js';
import { refreshIndex } from './refresh.js';
import { type RunServices, runServices } from './run-services.js';
import { planSlots } from './slots.js';
import { readSpooled, type SpooledEntry } from './spool.js';
import type { ClockReading, ScanStamp } from './stamps.js';
import { workOff } from './work-off.js';

/** Inline work ends before the next tick begins. */
const inlineBudgetMs = 50_000;

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

  const meta = metaTable(store);
  const step = clockStepMs(tick.previous ?? storedClock(meta.get('clock')), reading);
  const epoch = Number(meta.get('epoch') ?? 0) + (step < 0 ? 1 : 0);
  const pass: Pass = {
    ...tick,
    services,
    log,
    owner: { ownerPid: pid, ownerStart: startTime, bootId },
    batch: `${pid}.${startTime}.${now}`,
    epoch,
    now,
  };

  if (step !== 0) reportStep(log, step);
  if (step < 0) store.immediate(() => meta.set('epoch', String(epoch)));
  if (meta.get('fingerprint') !== fingerprint || step < 0) {
    await refreshIndex({ deps, store, services, fingerprint, now, recompute: step < 0 });
  }

  if (clearNotice(deps.paths)) log.info('the store can be written again');
  const inherited = await settleOrphans(pass);
  const claims = await claimDue(pass);
  if (claims.length + inherited === 0 && step === 0 && outboxTable(store).count() === 0) return;

  const stamp = { ...reading, bootedAtMs: reading.wallMs - reading.uptimeMs } satisfies ScanStamp;
  store.immediate(() => meta.set('clock', JSON.stringify(stamp)));
  const inline = claims.filter(({ task }) => task.detached === 0);
  const wantsWorker = inherited > 0 || inline.length < claims.length || messagesDue(store, now);
  if (wantsWorker) await deps.startWorker?.(['worker', pass.batch]);
  if (inline.length > 0) {
    await workOff(rowsOf(store, inline), services, {
      ownerPid: pid,
      deadline: deps.clock.monotonic() + inlineBudgetMs,
    });
  }
  cleanUp(store, services, now);
  await services.writeMetrics();
}

function storedClock(text: string | undefined): ScanStamp | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as ScanStamp);
}

function reportStep(log: Log, stepMs: number): void {
  const seconds = Math.round(Math.abs(stepMs) / 1000);
  if (stepMs < 0) log.warn('the clock was set back; schedules start anew from now', { seconds });
  else log.warn('the clock was set forward; slots in between count as missed', { seconds });
}

/** Closes what dead workers left, hands on what they never started. @returns rows handed on */
async function settleOrphans({ store, log, owner, batch, services, now }: Pass): Promise<number> {
  const runs = runTable(store);
  const open = runs.open();
  const spooled = readSpooled(services.paths);
  if (open.length === 0 && spooled.length === 0) return 0;

  const known = new Set(spooled.map((entry) => (entry.kind === 'end' ? entry.end.id : undefined)));
  const fates = await reapOrphans(
    open.filter(({ id }) => !known.has(id)),
    owner.bootId,
  );
  let inherited = 0;
  store.immediate(() => {
    for (const entry of spooled) recordSpooled(store, services, entry);
    for (const fate of fates) {
      if (fate.kind === 'adopt') {
        if (runs.adopt(fate.row.id, fate.row.batch, batch, owner)) inherited += 1;
      } else {
        recordLost(store, services, fate, now);
      }
    }
  });
  for (const entry of spooled) entry.forget();
  for (const fate of fates) {
    const { id, scope, action } = fate.row;
    if (fate.kind === 'lost') log.error('run lost', { id, scope, action, why: fate.reason });
  }
  return inherited;
}

function recordSpooled(store: Store, services: RunServices, entry: SpooledEntry): void {
  const runs = runTable(store);
  if (entry.kind === 'end') {
    const row = runs.get(entry.end.id);
    if (row && runs.end(entry.end)) services.recordEnd(row, entry.end);
    return;
  }
  const { row } = entry;
  const id = runs.insert(row);
  if (id === undefined) return;
  lastRunTable(store).started(row, row.startedAt ?? row.claimedAt);
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

async function claimDue(pass: Pass): Promise<Claim[]> {
  const { store, deps, now, log, filter, owner, batch, epoch } = pass;
  const due = dueTasks(store, now).filter((task) => filter?.(task) ?? true);
  if (due.length === 0) return [];

  const planned: PlannedTask[] = [];
  const tasks = taskTable(store);
  for (const task of due) {
    try {
      const { schedule, context } = await evaluationOf(task, deps.nodename, now, task.lastAt);
      const policy = { catchup: parseCatchup(task.catchup), maxLatenessMs: task.maxLatenessMs };
      planned.push({ task, plan: planSlots(schedule, task, policy, context) });
    } catch (error) {
      const { scope, action } = task;
      log.error('schedule unusable', { scope, action, why: messageOf(error) });
      store.immediate(() => tasks.setNext(task.id, null));
    }
  }

  const runs = runTable(store);
  const { claims, missed } = store.immediate(() => {
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
    for (const { task, plan } of result.missed) queueMissedHooks(store, task, plan.missed, now);
    return result;
  });
  for (const { task, plan } of missed) {
    const slots = plan.missed.reduce((sum, { count }) => sum + count, 0);
    log.warn('slots missed', {
      scope: task.scope,
      action: task.action,
      slots,
      why: plan.missed[0]?.reason,
    });
  }
  return claims;
}

function rowsOf(store: Store, claims: readonly Claim[]): RunRow[] {
  const runs = runTable(store);
  return claims.flatMap(({ runId }) => runs.get(runId) ?? []);
}

function messagesDue(store: Store, now: number): boolean {
  return outboxTable(store)
    .all()
    .some(({ nextTry }) => nextTry <= now);
}

function cleanUp(store: Store, { retention, outboxLimits }: RunServices, now: number): void {
  store.immediate(() => {
    trimRuns(store, now, retention);
    outboxTable(store).trim(now, outboxLimits);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
