import { readFileSync } from 'node:fs';
import { errnoOf } from '../errors/agent-error.js';
import { bootId } from './host.js';

/**
 * Names one process for as long as the host lives: a pid alone is reused, a pid with its start time
 * is not, and the boot id tells the same pair of an earlier boot apart (proc(5)).
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`: clock ticks since boot. */
  readonly startTime: number;
  readonly bootId: string;
}

/** The fields of `/proc/<pid>/stat` that tell whose process it is. */
export interface ProcessStat {
  readonly pid: number;
  readonly comm: string;
  /** `R`, `S`, `D`, `Z`… */
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly session: number;
  readonly startTime: number;
}

/** Parses one `stat` line. The command name may hold blanks and parentheses: the last `)` ends it. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const stat = {
    pid: Number.parseInt(text, 10),
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
  };
  return Number.isFinite(stat.startTime) ? stat : undefined;
}

/**
 * What `/proc` answers for a process that is gone (ENOENT), that goes while we read (ESRCH), or that
 * is hidden from us (EPERM with `hidepid=1`, ENOENT with 2, EACCES from a security module).
 */
const withoutAnswer = ['ENOENT', 'ESRCH', 'EPERM', 'EACCES'];

/** Reads one process; undefined when there is none (or `hidepid` hides it). */
export function readProcessStat(pid: number | 'self'): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    if (withoutAnswer.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

let self: ProcessIdentity | undefined;

export function selfIdentity(): ProcessIdentity {
  if (!self) {
    const stat = readProcessStat('self');
    if (!stat) throw new Error('/proc/self/stat is unreadable');
    self = { pid: stat.pid, startTime: stat.startTime, bootId: bootId() };
  }
  return self;
}

/** The identity of a process that runs now; undefined when it is gone or a zombie. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = readProcessStat(pid);
  return stat && !isDead(stat)
    ? { pid: stat.pid, startTime: stat.startTime, bootId: bootId() }
    : undefined;
}

/**
 * True while exactly this process runs; a zombie does not. Costs one file read. Where `/proc` hides
 * the processes of others, a pid that exists counts as alive: better a lock too long than two owners.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const stat = readProcessStat(identity.pid);
  if (stat) return stat.startTime === identity.startTime && !isDead(stat);
  return existsHidden(identity.pid);
}

export function isDead(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

function existsHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false; // it came back after we looked: another process, or one just ending
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
