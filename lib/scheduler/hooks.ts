import { outboxTable } from '../store/outbox.js';
import type { RunEnd, RunRow } from '../store/runs.js';
import type { Store } from '../store/store.js';
import { type TaskKey, type TaskRow, taskTable } from '../store/tasks.js';
import { type Hooks, hookNames } from '../task/schedule-keywords.js';
import type { ClosedSlots } from './slots.js';

/** What a hook command or a ping is told. */
export interface HookEvent {
  /** `on_failure`, `ping_url`… */
  hook: string;
  /** The command line, or the URL. */
  target: string;
  task: TaskKey;
  runId: number | null;
  /** Token of the run: the same for its start and its end. */
  token: string | null;
  state: string;
  reason: string | null;
  exitCode: number | null;
  slotBegin: number | null;
  /** Tail of the output, for pings. */
  output: string;
}

export const hookKinds = { command: 'hook', ping: 'ping' } as const;

function hooksFor(store: Store, key: TaskKey): Hooks {
  const text = taskTable(store).hooksOf(key);
  return text ? (JSON.parse(text) as Hooks) : {};
}

function add(store: Store, hook: keyof Hooks, event: Omit<HookEvent, 'hook'>, at: number): void {
  const kind = hook === 'ping_url' ? hookKinds.ping : hookKinds.command;
  const { scope, action, section } = event.task;
  outboxTable(store).add(kind, `${scope} ${action} ${section}`, { hook, ...event }, at);
}

/**
 * Puts the hooks of a run that ended into the outbox: on_success or on_failure, on_recovered when
 * the run before was no success, and the ping. Belongs into the transaction that closes the run.
 */
export function queueRunHooks(
  store: Store,
  row: RunRow,
  end: RunEnd,
  stateBefore: string | null,
): void {
  const hooks = hooksFor(store, row);
  const success = end.state === 'ok';
  const recovered = success && stateBefore !== null && stateBefore !== 'ok';
  const wanted: Record<(typeof hookNames)[number], boolean> = {
    on_success: success,
    on_failure: !success,
    on_recovered: recovered,
    on_missed: false,
    ping_url: true,
  };
  for (const hook of hookNames) {
    const target = hooks[hook];
    if (!target || !wanted[hook]) continue;
    const { scope, action, section } = row;
    add(
      store,
      hook,
      {
        target,
        task: { scope, action, section },
        runId: row.id,
        token: row.token,
        state: end.state,
        reason: end.reason,
        exitCode: end.exitCode,
        slotBegin: row.slotBegin,
        output: [end.stdout, end.stderr].filter(Boolean).join('\n').slice(-10_000),
      },
      end.endedAt,
    );
  }
}

/** The ping that says that a run begins. */
export function queueStartPing(store: Store, row: RunRow, at: number): void {
  const target = hooksFor(store, row).ping_url;
  if (!target) return;
  const { scope, action, section } = row;
  const task = { scope, action, section };
  const { id: runId, token, slotBegin } = row;
  add(
    store,
    'ping_url',
    {
      target,
      task,
      runId,
      token,
      state: 'running',
      reason: null,
      exitCode: null,
      slotBegin,
      output: '',
    },
    at,
  );
}

/** Puts on_missed into the outbox, once for all slots of a gap. */
export function queueMissedHooks(
  store: Store,
  task: TaskRow,
  closed: readonly ClosedSlots[],
  at: number,
): void {
  const hooks: Hooks = task.hooks ? (JSON.parse(task.hooks) as Hooks) : {};
  const missed = closed.filter(({ state }) => state === 'missed');
  const first = missed[0];
  if (!hooks.on_missed || !first) return;
  const { scope, action, section } = task;
  const slots = missed.reduce((sum, { count }) => sum + count, 0);
  add(
    store,
    'on_missed',
    {
      target: hooks.on_missed,
      task: { scope, action, section },
      runId: null,
      token: null,
      state: 'missed',
      reason: `${slots} slots: ${first.reason}`,
      exitCode: null,
      slotBegin: first.begin,
      output: '',
    },
    at,
  );
}
