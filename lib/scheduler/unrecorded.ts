import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfIdentity } from '../env/process-identity.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { knownLast } from '../schedule/context.js';
import type { RunRow } from '../store/runs.js';
import type { Store } from '../store/store.js';
import { dueTasks, type IndexedTask } from '../store/tasks.js';
import { evaluationOf, lastOf } from './evaluation.js';
import { executeRow } from './execute.js';
import type { RunServices } from './run-services.js';
import { planSlots, type Slot } from './slots.js';
import { spool } from './spool.js';
import { underTaskLock } from './task-lock.js';

/**
 * Runs the due tasks that are marked `run_if_unrecorded` while the ledger takes no writes. A stamp
 * in the run directory stands for the claim; the runs wait in the spool for the ledger.
 */
export async function runUnrecorded(store: Store, services: RunServices): Promise<void> {
  const { clock, settings } = services;
  const now = clock.now();
  const due = dueTasks(store, now).filter(({ unrecorded }) => unrecorded === 1);
  const runners = Array.from({ length: Math.min(settings.maxParallel, due.length) }, async () => {
    for (let task = due.shift(); task; task = due.shift()) await runOne(task, services, now);
  });
  await Promise.all(runners);
}

async function runOne(task: IndexedTask, services: RunServices, now: number): Promise<void> {
  const { clock, paths, log } = services;
  const { pid, startTime, bootId } = selfIdentity();
  const { scope, action, section } = task;
  const slot = await takeSlot(services, task, now);
  if (!slot) return;
  const row: RunRow = {
    id: 0,
    scope,
    action,
    section,
    origin: 'cron',
    state: 'running',
    reason: null,
    epoch: 0,
    slotBegin: slot.begin,
    slotEnd: slot.end,
    slots: 1,
    claimedAt: now,
    startedAt: clock.now(),
    endedAt: null,
    exitCode: null,
    signal: null,
    batch: null,
    attempts: 0,
    ownerPid: pid,
    ownerStart: startTime,
    bootId,
    token: services.newToken(),
    childPid: null,
    childStart: null,
    cgroup: null,
    stdout: null,
    stderr: null,
    droppedBytes: null,
    usage: null,
    log: null,
  };
  const outcome = await underTaskLock(row, services, () => executeRow(row, services));
  const kept = spool(paths, { kind: 'run', row: { ...row, ...outcome, endedAt: clock.now() } });
  if (!kept) log.error('run cannot be recorded', { scope, action, state: outcome.state });
}

/**
 * Judges the schedule with the last run that the stamps know, and takes the slot by creating its
 * stamp: one process succeeds. Without a place for stamps nothing runs, rather than each minute.
 */
async function takeSlot(
  { paths, nodename }: RunServices,
  task: IndexedTask,
  now: number,
): Promise<Slot | undefined> {
  const directory = join(paths.run, 'unrecorded');
  const prefix = `${task.id}.`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stamps = readdirSync(directory).filter((name) => name.startsWith(prefix));
    const known = stamps.map((name) => Number(name.slice(prefix.length)));
    const last = Math.max(
      ...known.flatMap((at) => knownLast(at, now) ?? []),
      lastOf(task, now) ?? 0,
    );
    const { schedule, context } = await evaluationOf(task, nodename, now, last || null);
    // The stamps stand for runs that the index does not know of yet.
    const ahead = last >= (task.nextDue ?? 0) ? { lastAt: null, slotAt: last } : task;
    const policy = { catchup: { kind: 'last' }, maxLatenessMs: task.maxLatenessMs } as const;
    const plan = planSlots(schedule, { ...task, ...ahead }, policy, context);
    const slot = plan.run.at(-1);
    if (!slot) return undefined;
    writeFileSync(join(directory, `${prefix}${slot.begin}`), '', { flag: 'wx' });
    for (const name of stamps) rmSync(join(directory, name), { force: true });
    return slot;
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof AgentError)) throw error;
    return undefined;
  }
}
