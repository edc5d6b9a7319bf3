/** A schedule as one text and as one reason, for comparisons. */
import type { ScheduleContext } from '../../lib/schedule/context.js';
import { evaluate } from '../../lib/schedule/due.js';
import { type Constraint, explain } from '../../lib/schedule/explain.js';
import { formatDefinition } from '../../lib/schedule/format.js';
import type { Schedule } from '../../lib/schedule/model.js';

/** Text that reads back as an equal schedule: one definition bare, several as a JSON list. */
export function formatSchedule({ definitions }: Schedule): string {
  const texts = definitions.map(formatDefinition);
  return texts.length === 1 ? (texts[0] ?? '') : JSON.stringify(texts);
}

/**
 * The constraint that keeps the task from running: the exclusion, or the first failing constraint of
 * the timerange that came nearest to a run. Undefined when the task is due.
 */
export function firstFailure(schedule: Schedule, context: ScheduleContext): Constraint | undefined {
  const verdict = evaluate(schedule, context);
  if (verdict.due) return undefined;
  // Only the first failure of a timerange is its reason; the later ones follow from it or add to it.
  const reasons = new Map<string, Constraint>();
  for (const constraint of explain(schedule, context)) {
    const { definition, timerange, pass } = constraint;
    const key = `${definition}\n${timerange}`;
    if (!pass && !reasons.has(key)) reasons.set(key, constraint);
  }
  const failed = [...reasons.values()];
  return failed.find((constraint) => constraint.name === verdict.constraint) ?? failed[0];
}
