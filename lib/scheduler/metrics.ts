import { writeFileAtomic } from '../env/atomic-file.js';
import { outboxTable } from '../store/outbox.js';
import { runStates } from '../store/runs.js';
import type { Store } from '../store/store.js';
import { readTally } from '../store/tally.js';
import { type TaskWithHistory, taskTable } from '../store/tasks.js';

interface Metric {
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  /** Label text with its value; a task without the fact has no line. */
  lines: readonly (readonly [labels: string, value: number])[];
}

/**
 * Writes the state of the schedules as Prometheus text for the textfile collector, renamed in place
 * and without timestamps (exposition format 0.0.4). World-readable: the exporter is another user.
 */
export function writeMetrics(store: Store, path: string, node: string, now: number): void {
  const tasks = taskTable(store).all();
  const of = (value: (task: TaskWithHistory) => number | null): Metric['lines'] =>
    tasks.flatMap((task) => {
      const number = value(task);
      return number === null ? [] : [[labelsOf(task), number] as const];
    });
  const metrics: Metric[] = [
    {
      name: 'nodemgr_task_last_start_seconds',
      help: 'When the task last started.',
      type: 'gauge',
      lines: of(({ lastAt }) => (lastAt === null ? null : lastAt / 1000)),
    },
    {
      name: 'nodemgr_task_last_success_seconds',
      help: 'When the task last ended well.',
      type: 'gauge',
      lines: of(({ successAt }) => (successAt === null ? null : successAt / 1000)),
    },
    {
      name: 'nodemgr_task_last_exit_code',
      help: 'Exit code of the last run.',
      type: 'gauge',
      lines: of(({ lastExit }) => lastExit),
    },
    {
      name: 'nodemgr_task_next_due_seconds',
      help: 'When the task is due next.',
      type: 'gauge',
      lines: of(({ nextDue }) => (nextDue === null ? null : nextDue / 1000)),
    },
    {
      name: 'nodemgr_task_last_duration_seconds',
      help: 'How long the last finished run took.',
      type: 'gauge',
      lines: of(({ durationMs }) => (durationMs === null ? null : durationMs / 1000)),
    },
    {
      name: 'nodemgr_runs_total',
      help: 'Slots by the state they came to, since the store was made.',
      type: 'counter',
      lines: slotCounts(store),
    },
    {
      name: 'nodemgr_outbox_messages',
      help: 'Messages that wait for delivery.',
      type: 'gauge',
      lines: [[labels({}), outboxTable(store).count()]],
    },
    {
      name: 'nodemgr_last_activity_seconds',
      help: 'When the scheduler last had something to do.',
      type: 'gauge',
      lines: [[labels({ node }), now / 1000]],
    },
  ];
  writeFileAtomic(path, metrics.map(format).join(''), 0o644);
}

function format({ name, help, type, lines }: Metric): string {
  if (lines.length === 0) return '';
  const body = lines.map(([labelText, value]) => `${name}${labelText} ${value}\n`).join('');
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${body}`;
}

function labelsOf({ scope, action, section }: TaskWithHistory): string {
  return labels({ scope, action, section });
}

function labels(values: Readonly<Record<string, string>>): string {
  const parts = Object.entries(values).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${escaped}"`;
  });
  return parts.length > 0 ? `{${parts.join(',')}}` : '';
}

function slotCounts(store: Store): Metric['lines'] {
  const counts = readTally(store);
  return runStates
    .filter((state) => state !== 'running')
    .map((state) => [labels({ state }), counts.get(state) ?? 0] as const);
}
