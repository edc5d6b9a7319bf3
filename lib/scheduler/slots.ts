import { floorMinute, type ScheduleContext } from '../schedule/context.js';
import { evaluate } from '../schedule/due.js';
import type { Schedule } from '../schedule/model.js';
import { nextRun } from '../schedule/next.js';
import type { IndexedTask } from '../store/tasks.js';
import type { Catchup } from '../task/schedule-keywords.js';
import { lastOf } from './evaluation.js';

const minuteMs = 60_000;

/** Slots that nobody runs get a row each up to this number per task and gap; more share one row. */
const rowsPerGap = 20;

/** How many slots of a gap are counted before the count is given up. */
export const countedPerGap = 10_000;

/** When the count was given up, it starts again so long before now to find the newest slots. */
const recountMs = 2 * 3_600_000;

/**
 * `catchup = none` still runs a slot that is late by this much: a slot that begins just after a tick
 * has to wait for the next one, and cron may lose one start.
 */
const noCatchupGraceMs = 90_000;

/** One instant at which a task should have started, with the next one. UTC ms. */
export interface Slot {
  begin: number;
  end: number | null;
}

/** Slots that nobody will run. */
export interface ClosedSlots extends Slot {
  state: 'missed' | 'skipped';
  /** How many slots this stands for. */
  count: number;
  reason: string;
}

/** What a due row comes to: runs in order, slots that nobody will run, and when it is due again. */
export interface SlotPlan {
  run: Slot[];
  closed: ClosedSlots[];
  /** Begin of the newest slot of these, null when there is none. */
  decided: number | null;
  next: number | null;
}

export interface SlotPolicy {
  catchup: Catchup;
  maxLatenessMs: number | null;
}

/**
 * Lays out the slots between `task.nextDue` and now. The language decides whether the task may run
 * at this moment; `catchup` decides how many of the slots do; all others are closed with a reason.
 *
 * @param context the context at `now`; its last run is what `lastOf` says
 * @param countLimit slots that are counted at most before the count is given up
 */
export function planSlots(
  schedule: Schedule,
  task: Pick<IndexedTask, 'nextDue' | 'lastAt' | 'slotAt'>,
  policy: SlotPolicy,
  context: ScheduleContext,
  countLimit = countedPerGap,
): SlotPlan {
  const { now } = context;
  const following = (last: number, from: number): number | undefined =>
    nextRun(schedule, { ...context, now: floorMinute(from) + minuteMs, last });
  const first = firstUndecided(task, now, following);
  if (first === undefined || first > now) {
    return { run: [], closed: [], decided: null, next: first ?? null };
  }

  const { catchup } = policy;
  const keep = rowsPerGap + (catchup.kind === 'all' ? catchup.count : 1);
  const walk = (from: number | undefined, until: number): Gap =>
    from === undefined ? noGap : walkGap({ schedule, context, from, until, keep, countLimit });

  // A run by hand after a slot came due stands for it; what follows counts from that run.
  const ranAt = lastOf({ lastAt: task.lastAt, slotAt: null }, now);
  const isCovered = ranAt !== null && ranAt >= first;
  const covered = isCovered ? walk(first, ranAt) : noGap;
  const open = walk(isCovered ? following(ranAt, ranAt) : first, now);

  const verdict = evaluate(schedule, context);
  const run = verdict.due ? slotsToRun(open, policy, now) : [];
  const why = (newest: number): string => {
    if (!verdict.due) return `no tick while it was due (now: ${verdict.reason})`;
    return isTooLate(newest, policy, now)
      ? 'later than max_lateness'
      : `no tick while it was due (catchup = ${nameOf(catchup)})`;
  };
  const closed = [...missedRows(covered, 1, () => 'no tick while it was due')];
  const stoodFor = covered.slots.at(-1);
  if (stoodFor && ranAt !== null) {
    const reason = `the run at ${new Date(ranAt).toISOString()} stands for it`;
    closed.push({ ...stoodFor, state: 'skipped', count: 1, reason });
  }
  closed.push(...missedRows(open, run.length, why));

  const decided = (open.slots.at(-1) ?? stoodFor)?.begin ?? null;
  const last = run.length > 0 ? now : Math.max(ranAt ?? 0, decided ?? 0);
  return { run, closed, decided, next: following(last, now) ?? null };
}

/** The oldest slot that has no row yet; runs that waited for the ledger may be ahead of the index. */
function firstUndecided(
  { nextDue, slotAt }: Pick<IndexedTask, 'nextDue' | 'slotAt'>,
  now: number,
  following: (last: number, from: number) => number | undefined,
): number | undefined {
  if (nextDue === null) return undefined;
  const decided = lastOf({ lastAt: null, slotAt }, now);
  return decided !== null && decided >= nextDue ? following(decided, decided) : nextDue;
}

interface Gap {
  /** Begin of the oldest slot. */
  from: number;
  /** How many slots there are; a lower bound when `uncounted`. */
  total: number;
  /** The newest of them, in order. */
  slots: Slot[];
  uncounted: boolean;
}

const noGap: Gap = { from: 0, total: 0, slots: [], uncounted: false };

interface Walk {
  schedule: Schedule;
  context: ScheduleContext;
  from: number;
  until: number;
  /** How many of the newest slots are wanted. */
  keep: number;
  countLimit: number;
}

/** The slots from `from` to `until`, each as if the one before it had started at its minute. */
function walkGap({ schedule, context, from, until, keep, countLimit }: Walk): Gap {
  const gap: Gap = { from, total: 0, slots: [], uncounted: false };
  const after = (last: number | null, now: number): number | undefined =>
    nextRun(schedule, { ...context, now, last });
  let begin: number | undefined = from;
  while (begin !== undefined && begin <= until) {
    if (gap.total >= countLimit && !gap.uncounted) {
      gap.uncounted = true;
      const again: number | undefined = after(null, floorMinute(until) - recountMs);
      if (again !== undefined && again > begin) {
        begin = again;
        continue;
      }
    }
    const end: number | undefined = after(begin, begin + minuteMs);
    gap.slots.push({ begin, end: end ?? null });
    gap.total += 1;
    if (gap.slots.length >= 2 * keep) gap.slots.splice(0, keep);
    begin = end;
  }
  gap.slots.splice(0, Math.max(0, gap.slots.length - keep));
  return gap;
}

function isTooLate(begin: number, { maxLatenessMs }: SlotPolicy, now: number): boolean {
  return maxLatenessMs !== null && now - begin > maxLatenessMs;
}

/** The newest slots of the gap that still run, oldest first. */
function slotsToRun({ slots }: Gap, policy: SlotPolicy, now: number): Slot[] {
  const { catchup } = policy;
  return slots
    .slice(-(catchup.kind === 'all' ? catchup.count : 1))
    .filter(({ begin }) => !isTooLate(begin, policy, now))
    .filter(({ begin }) => catchup.kind !== 'none' || now - begin <= noCatchupGraceMs);
}

function nameOf(catchup: Catchup): string {
  return catchup.kind === 'all' ? `all:${catchup.count}` : catchup.kind;
}

/** Rows for all slots of the gap but the newest `leave`. */
function missedRows(gap: Gap, leave: number, why: (newest: number) => string): ClosedSlots[] {
  const count = gap.total - leave;
  const slots = gap.slots.slice(0, gap.slots.length - leave);
  const newest = slots.at(-1);
  if (!newest) return [];
  if (count <= rowsPerGap && slots.length === count) {
    return slots.map((slot) => ({ ...slot, state: 'missed', count: 1, reason: why(slot.begin) }));
  }
  const reason = `${why(newest.begin)}${gap.uncounted ? '; there were more, not counted' : ''}`;
  return [{ begin: gap.from, end: newest.end, state: 'missed', count, reason }];
}
