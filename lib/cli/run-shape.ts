import type { RunRow } from '../store/runs.js';
import { defineShape } from './shape.js';
import { isoInstant, localSecond } from './when.js';

export interface RunDocument {
  id: number;
  object: string;
  action: string;
  section: string;
  state: string;
  started_at: string | null;
  duration_ms: number | null;
  exit_code: number | null;
  origin: string;
  reason: string | null;
  signal: string | null;
  slot_begin: string | null;
  slot_end: string | null;
  slots: number;
  lateness_ms: number | null;
  decided_at: string;
  ended_at: string | null;
  pid: number | null;
  dropped_bytes: number | null;
  usage: { userMs: number; systemMs: number; maxRssBytes: number | null } | null;
  log: string | null;
}

const roles = {
  ok: 'ok',
  failed: 'bad',
  timeout: 'bad',
  lost: 'bad',
  missed: 'warn',
  skipped: 'warn',
  running: 'info',
} as const;

export const runShape = defineShape<RunDocument>({
  schema: 'nodemgr.run.1',
  describe: 'Rows of the ledger: one per run, and per slot that was not run (`print runs`).',
  fields: {
    id: { type: 'number', describe: 'for `show run`', column: { align: 'right' } },
    object: { type: 'string', describe: '`node`, or the path of the service', column: {} },
    action: { type: 'string', describe: 'what was run', column: {} },
    section: { type: 'string', describe: 'the configuration section' },
    state: {
      type: 'running | ok | failed | timeout | lost | skipped | missed',
      describe: 'how it ended',
      column: {
        show: (value, { slots }) => (slots > 1 ? `${String(value)} x${slots}` : value),
        role: (value) => roles[value as keyof typeof roles],
      },
    },
    started_at: {
      type: 'string | null',
      describe: 'RFC 3339; null when it never started',
      column: {
        title: 'started',
        show: (value, row) => localSecond(Date.parse(String(value ?? row.slot_begin))) ?? '-',
      },
    },
    duration_ms: {
      type: 'number | null',
      describe: 'run time in milliseconds',
      column: {
        title: 'took',
        align: 'right',
        show: (value) => (typeof value === 'number' ? `${(value / 1000).toFixed(1)}s` : '-'),
      },
    },
    exit_code: {
      type: 'number | null',
      describe: 'exit code; null when a signal ended it or it never started',
      column: { title: 'exit', align: 'right', show: (value, row) => value ?? row.signal ?? '-' },
    },
    origin: { type: 'cron | manual | queue | socket', describe: 'who asked for it', column: {} },
    reason: {
      type: 'string | null',
      describe: 'why it was no plain success',
      column: { show: (value) => value ?? '-' },
    },
    signal: { type: 'string | null', describe: 'the signal that ended it' },
    slot_begin: { type: 'string | null', describe: 'when it should have started, RFC 3339' },
    slot_end: { type: 'string | null', describe: 'when the next slot begins, RFC 3339' },
    slots: { type: 'number', describe: 'how many slots the row stands for' },
    lateness_ms: { type: 'number | null', describe: 'start minus slot_begin, in milliseconds' },
    decided_at: { type: 'string', describe: 'when the tick decided it, RFC 3339' },
    ended_at: { type: 'string | null', describe: 'RFC 3339' },
    pid: { type: 'number | null', describe: 'the process that did the work' },
    dropped_bytes: { type: 'number | null', describe: 'output that was cut' },
    usage: { type: 'object | null', describe: 'userMs, systemMs, maxRssBytes of the whole tree' },
    log: { type: 'string | null', describe: 'the file that has its lines' },
  },
});

export function runDocument(row: RunRow): RunDocument {
  return {
    id: row.id,
    object: row.scope,
    action: row.action,
    section: row.section,
    state: row.state,
    started_at: isoInstant(row.startedAt),
    duration_ms:
      row.startedAt !== null && row.endedAt !== null ? row.endedAt - row.startedAt : null,
    exit_code: row.exitCode,
    origin: row.origin,
    reason: row.reason,
    signal: row.signal,
    slot_begin: isoInstant(row.slotBegin),
    slot_end: isoInstant(row.slotEnd),
    slots: row.slots,
    lateness_ms:
      row.startedAt !== null && row.slotBegin !== null ? row.startedAt - row.slotBegin : null,
    decided_at: isoInstant(row.claimedAt) ?? '',
    ended_at: isoInstant(row.endedAt),
    pid: row.childPid,
    dropped_bytes: row.droppedBytes,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as RunDocument['usage']),
    log: row.log,
  };
}
