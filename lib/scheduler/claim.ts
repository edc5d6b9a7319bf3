import type { lastRunTable } from '../store/last-runs.js';
import type { Owner, runTable } from '../store/runs.js';
import type { IndexedTask, taskTable } from '../store/tasks.js';
import type { SlotPlan } from './slots.js';

export interface PlannedTask {
  task: IndexedTask;
  plan: SlotPlan;
}

export interface Claim {
  task: IndexedTask;
  runId: number;
}

export interface ClaimTables {
  tasks: ReturnType<typeof taskTable>;
  runs: ReturnType<typeof runTable>;
  lastRuns: ReturnType<typeof lastRunTable>;
}

export interface ClaimContext {
  now: number;
  epoch: number;
  owner: Owner;
  batch: string;
  newToken(): string;
  /** Runs of this task that are still open in the ledger. */
  openRuns(task: IndexedTask): readonly { id: number; startedAt: number | null }[];
}

/**
 * Takes the planned tasks: must run inside one immediate transaction. The update of `next_due` from
 * the value that the plan was made from decides who gets a task; whoever comes second changes no
 * row and goes on. Slots that are not run get their closed row here, in the same transaction.
 *
 * @returns what was taken, how many rows were closed unrun, and the tasks that missed slots
 */
export function claimPlanned(
  planned: readonly PlannedTask[],
  { tasks, runs, lastRuns }: ClaimTables,
  context: ClaimContext,
): { claims: Claim[]; closed: number; missed: PlannedTask[] } {
  const claims: Claim[] = [];
  const missed: PlannedTask[] = [];
  let closedSlots = 0;
  for (const item of planned) {
    const { task, plan } = item;
    if (task.nextDue === null || !tasks.claim(task.id, task.nextDue, plan.next)) continue;

    const closed = (slot: { begin: number; end: number | null }, count: number) => ({
      scope: task.scope,
      action: task.action,
      section: task.section,
      origin: 'cron' as const,
      epoch: context.epoch,
      slotBegin: slot.begin,
      slotEnd: slot.end,
      slots: count,
      at: context.now,
    });
    closedSlots += plan.closed.length;
    for (const slot of plan.closed) {
      runs.close({ ...closed(slot, slot.count), state: slot.state, reason: slot.reason });
    }
    if (plan.closed.some(({ state }) => state === 'missed')) missed.push(item);
    if (plan.decided !== null) lastRuns.decided(task, plan.decided);

    const open = context.openRuns(task);
    if (plan.run.length > 0 && open.length >= task.maxParallel) {
      for (const slot of plan.run) {
        const reason = `run ${open[0]?.id} has not ended yet`;
        runs.close({ ...closed(slot, 1), state: 'skipped', reason });
        closedSlots += 1;
      }
      continue;
    }
    let claimed = false;
    for (const slot of plan.run) {
      const runId = runs.claim({
        scope: task.scope,
        action: task.action,
        section: task.section,
        origin: 'cron',
        epoch: context.epoch,
        slotBegin: slot.begin,
        slotEnd: slot.end,
        claimedAt: context.now,
        batch: task.detached ? context.batch : null,
        token: context.newToken(),
        ...context.owner,
      });
      if (runId === undefined) continue;
      claims.push({ task, runId });
      claimed = true;
    }
    if (claimed) lastRuns.started(task, context.now);
  }
  return { claims, closed: closedSlots, missed };
}
