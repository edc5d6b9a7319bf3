import { floorMinute, type ScheduleContext } from '../schedule/context.js';
import { evaluate } from '../schedule/due.js';
import type { Schedule } from '../schedule/model.js';
import { nextRun } from '../schedule/next.js';
import type { IndexedTask } from '../store/tasks.js';
import type { Catchup } from '../task/schedule-keywords.js';

const minuteMs = 60_000;

/** Missed slots get a row each up to this number per task and gap; older ones share one row. */
const missedRowsPerGap = 200;

/** How many slots of a gap are counted before the count is given up. */
const countedPerGap = 10_000;

/** `catchup = none` still forgives the next tick for being late by this much. */
const noCatchupGraceMs = 90_000;

/** One instant at which a task should have started, with the next one. UTC ms. */
export interface Slot {
  begin: number;
  end: number | null;
}

export interface MissedSlots extends Slot {
  /** How many slots this stands for. */
  count: number;
  reason: string;
}

/** What a due row comes to: runs in order, slots that nobody will run, and when it is due again. */
export interface SlotPlan {
  run: Slot[];
  missed: MissedSlots[];
  next: number | null;
}

export interface SlotPolicy {
  catchup: Catchup;
  maxLatenessMs: number | null;
}

/**
 * Lays out the slots between `task.nextDue` and now. The language decides whether the task may run
 * at this moment; `catchup` decides how many of the slots do; all others are missed with a reason.
 *
 * @param context the context at `now`, with the real last run
 */
export function planSlots(
  schedule: Schedule,
  task: Pick<IndexedTask, 'nextDue'>,
  policy: SlotPolicy,
  context: ScheduleContext,
): SlotPlan {
  const { now } = context;
  const due = task.nextDue;
  const verdict = evaluate(schedule, context);
  const again = (last: number | null): number | null =>
    nextRun(schedule, {
      ...context,
      now: last === now ? floorMinute(now) + minuteMs : now,
      last,
    }) ?? null;

  const coveredByLaterRun =
    due !== null && context.last !== null && context.last >= due && context.last <= now;
  if (due === null || due > now || (coveredByLaterRun && !verdict.due)) {
    return { run: [], missed: [], next: again(context.last) };
  }

  const gap = walkGap(schedule, coveredByLaterRun ? now : due, context);
  const wanted = verdict.due ? howMany(policy, gap.slots.at(-1), now) : 0;
  const split = Math.max(0, gap.slots.length - wanted);
  const run = gap.slots.slice(split);
  const reason = verdict.due
    ? whyNotRun(policy, wanted, now - (gap.slots.at(-1)?.begin ?? now))
    : `no tick while it was due (now: ${verdict.reason})`;
  return {
    run,
    missed: missedRows(gap.slots.slice(0, split), gap.uncounted, reason),
    next: again(run.length > 0 ? now : context.last),
  };
}

/** The ideal slots from `first` up to now, each assuming that the one before ran at its minute. */
function walkGap(
  schedule: Schedule,
  first: number,
  context: ScheduleContext,
): { slots: Slot[]; uncounted: boolean } {
  const slots: Slot[] = [];
  let begin: number | undefined = first;
  while (begin !== undefined && begin <= context.now) {
    if (slots.length === countedPerGap) {
      // The newest slot is what may still run: take the current minute for it.
      slots.push({ begin: floorMinute(context.now), end: null });
      return { slots, uncounted: true };
    }
    const end: number | undefined = nextRun(schedule, {
      ...context,
      now: begin + minuteMs,
      last: begin,
    });
    slots.push({ begin, end: end ?? null });
    begin = end;
  }
  return { slots, uncounted: false };
}

function howMany(policy: SlotPolicy, newest: Slot | undefined, now: number): number {
  if (!newest) return 0;
  const lateMs = now - newest.begin;
  if (policy.maxLatenessMs !== null && lateMs > policy.maxLatenessMs) return 0;
  if (policy.catchup.kind === 'none') return lateMs <= noCatchupGraceMs ? 1 : 0;
  return policy.catchup.kind === 'last' ? 1 : policy.catchup.count;
}

function whyNotRun(policy: SlotPolicy, wanted: number, lateMs: number): string {
  if (policy.maxLatenessMs !== null && wanted === 0 && lateMs > policy.maxLatenessMs) {
    return `later than max_lateness (${Math.round(lateMs / 1000)} s)`;
  }
  return 'no tick while it was due';
}

function missedRows(slots: Slot[], uncounted: boolean, reason: string): MissedSlots[] {
  const rows = slots.slice(-missedRowsPerGap).map((slot) => ({ ...slot, count: 1, reason }));
  const older = slots.slice(0, -missedRowsPerGap);
  const first = older[0];
  if (first) {
    rows.unshift({
      begin: first.begin,
      end: older.at(-1)?.end ?? null,
      count: older.length,
      reason: uncounted ? `${reason} (more than ${countedPerGap} slots)` : reason,
    });
  }
  return rows;
}
