import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfIdentity } from '../env/process-identity.js';
import { evaluate } from '../schedule/due.js';
import type { RunRow } from '../store/runs.js';
import type { Store } from '../store/store.js';
import { dueTasks, type IndexedTask } from '../store/tasks.js';
import { evaluationOf } from './evaluation.js';
import { executeRow } from './execute.js';
import type { RunServices } from './run-services.js';
import { spool } from './spool.js';
import { underTaskLock } from './task-lock.js';

/**
 * Runs the due tasks that are marked `run_if_unrecorded` while the ledger takes no writes. A stamp
 * in the run directory stands for the claim; the runs wait in the spool for the ledger.
 */
export async function runUnrecorded(store: Store, services: RunServices): Promise<void> {
  const { clock, paths, log } = services;
  const { pid, startTime, bootId } = selfIdentity();
  const now = clock.now();
  const due = dueTasks(store, now).filter(({ unrecorded }) => unrecorded === 1);
  for (const task of due) {
    const { scope, action, section, nextDue } = task;
    if (!(await takeSlot(services, task, now))) continue;
    const row: RunRow = {
      id: 0,
      scope,
      action,
      section,
      origin: 'cron',
      state: 'running',
      reason: null,
      epoch: 0,
      slotBegin: nextDue,
      slotEnd: null,
      slots: 1,
      claimedAt: now,
      startedAt: clock.now(),
      endedAt: null,
      exitCode: null,
      signal: null,
      batch: null,
      attempts: 1,
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
    const kept = spool(paths, {
      kind: 'run',
      row: { ...row, ...outcome, endedAt: clock.now() },
    });
    if (!kept) log.error('run cannot be recorded', { scope, action, state: outcome.state });
  }
}

/**
 * Judges the schedule with the last run that the stamps know, and takes the slot by creating its
 * stamp: one process succeeds. Without a place for stamps nothing runs, rather than each minute.
 */
async function takeSlot(
  { paths, nodename }: RunServices,
  task: IndexedTask,
  now: number,
): Promise<boolean> {
  const directory = join(paths.run, 'unrecorded');
  const prefix = `${task.id}.`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stamps = readdirSync(directory).filter((name) => name.startsWith(prefix));
    const last = Math.max(
      task.lastAt ?? 0,
      ...stamps.map((name) => Number(name.slice(prefix.length))),
    );
    const { schedule, context } = await evaluationOf(task, nodename, now, last || null);
    if (!evaluate(schedule, context).due) return false;
    writeFileSync(join(directory, `${prefix}${now - (now % 60_000)}`), '', { flag: 'wx' });
    for (const name of stamps) rmSync(join(directory, name), { force: true });
    return true;
  } catch {
    return false;
  }
}
