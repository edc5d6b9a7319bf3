import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../env/clock.js';
import { bootId } from '../env/host.js';
import { isDead, type ProcessStat, readProcessStat } from '../env/process-identity.js';
import { cgroupPids, isOurGroup, killGroup } from './cgroup.js';

/** What must be recorded about a started program so that any process can end all of it later. */
export interface ProcessTree {
  /** The process that was started; it led its own session and process group. */
  readonly pid: number;
  readonly startTime: number;
  /** Default: this boot. A tree of an earlier boot is gone by definition. */
  readonly bootId?: string;
  /** Default: `pid`. */
  readonly pgid?: number;
  /** Directory of the run's cgroup. */
  readonly cgroup?: string | null;
  /** `NAME=value` that every process of the run has in its environment. */
  readonly marker?: string | null;
}

export interface KillTreeOptions {
  /** Time between SIGTERM and SIGKILL, ms; 0 kills at once. Default 10 s. */
  graceMs?: number;
  /** How long to wait for killed processes to vanish, ms; default 3 s. */
  vanishMs?: number;
}

export interface KillTreeResult {
  /** Processes of the tree, the leader not counted, that were alive and are gone now. */
  readonly survivorsKilled: number;
  /** Processes that SIGKILL did not end: they sleep uninterruptibly, on a dead mount for example. */
  readonly stuckPids: readonly number[];
}

/**
 * Ends a whole tree of processes: SIGTERM, a grace period, SIGKILL, until none is left.
 *
 * A process belongs to the tree when it is in the cgroup, in the session or process group of the
 * leader, a descendant of such a process, or carries the marker in its environment. Session and
 * group count only while the leader is still the recorded process (a number that was given away must
 * not end a stranger). A program that leaves its session, has no cgroup and clears its environment
 * is beyond reach.
 */
export async function killTree(
  tree: ProcessTree,
  options: KillTreeOptions = {},
): Promise<KillTreeResult> {
  if (tree.bootId !== undefined && tree.bootId !== bootId()) {
    return { survivorsKilled: 0, stuckPids: [] };
  }
  const cgroup = tree.cgroup && isOurGroup(tree.cgroup) ? tree.cgroup : undefined;
  const members = new Members(tree, cgroup);

  if (await endGently(members, options.graceMs ?? 10_000)) return members.result();

  const deadline = systemClock.monotonic() + (options.vanishMs ?? 3000);
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    members.find();
    const left = members.alive();
    if (left.length === 0 || systemClock.monotonic() >= deadline) return members.result();
    if (cgroup) killGroup(cgroup);
    for (const pid of left) send(pid, 'SIGKILL');
    await delay(pause);
  }
}

/** SIGTERM to every member, also to those that appear while we wait; true when none is left. */
async function endGently(members: Members, graceMs: number): Promise<boolean> {
  if (graceMs <= 0) return false;
  const start = systemClock.monotonic();
  let lookedAt = Number.NEGATIVE_INFINITY;
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    const now = systemClock.monotonic();
    const none = members.alive().length === 0;
    if (none || now - lookedAt >= 500) {
      lookedAt = now;
      const fresh = members.find();
      for (const pid of fresh) {
        send(pid, 'SIGTERM');
        send(pid, 'SIGCONT'); // a stopped process would not see it
      }
      if (none && fresh.length === 0) return true;
    }
    if (now - start >= graceMs) return false;
    await delay(pause);
  }
}

/** The processes found so far, each by pid and start time. */
class Members {
  private readonly known = new Map<number, number>();
  private readonly tree: ProcessTree;
  private readonly cgroup: string | undefined;

  constructor(tree: ProcessTree, cgroup: string | undefined) {
    this.tree = tree;
    this.cgroup = cgroup;
  }

  /** Looks at the whole host once and adds what belongs to the tree. Returns the new pids. */
  find(): number[] {
    const processes = listProcesses();
    const byPid = new Map(processes.map((process) => [process.pid, process]));
    const { tree } = this;
    const leaderLives = byPid.get(tree.pid)?.startTime === tree.startTime;
    const grouped = new Set(this.cgroup ? cgroupPids(this.cgroup) : []);
    const found = new Set<number>();
    const rest: ProcessStat[] = [];
    for (const candidate of processes) {
      const { pid, startTime } = candidate;
      const member =
        this.known.get(pid) === startTime ||
        (pid === tree.pid && leaderLives) ||
        grouped.has(pid) ||
        (leaderLives &&
          (candidate.session === tree.pid || candidate.pgid === (tree.pgid ?? tree.pid))) ||
        // Nothing older than the leader descends from it. A process in uninterruptible sleep may
        // hold the lock that reading its environment needs: we would hang with it.
        (tree.marker &&
          startTime >= tree.startTime &&
          candidate.state !== 'D' &&
          carriesMarker(pid, tree.marker));
      if (member) found.add(pid);
      else rest.push(candidate);
    }
    addDescendants(found, rest);
    found.delete(process.pid);
    found.delete(1);
    const fresh: number[] = [];
    for (const pid of found) {
      const startTime = byPid.get(pid)?.startTime;
      if (startTime === undefined || this.known.get(pid) === startTime) continue;
      this.known.set(pid, startTime);
      fresh.push(pid);
    }
    return fresh;
  }

  alive(): number[] {
    return [...this.known].flatMap(([pid, startTime]) => {
      const stat = readProcessStat(pid);
      return stat?.startTime === startTime && !isDead(stat) ? [pid] : [];
    });
  }

  result(): KillTreeResult {
    const stuckPids = this.alive();
    const others = [...this.known.keys()].filter((pid) => pid !== this.tree.pid);
    return {
      survivorsKilled: others.filter((pid) => !stuckPids.includes(pid)).length,
      stuckPids,
    };
  }
}

function addDescendants(found: Set<number>, rest: readonly ProcessStat[]): void {
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid, ppid } of rest) {
      if (!found.has(ppid) || found.has(pid)) continue;
      found.add(pid);
      grew = true;
    }
  }
}

/** Every living process that `/proc` shows, zombies left out. */
export function listProcesses(): ProcessStat[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    const stat = Number.isInteger(pid) ? readProcessStat(pid) : undefined;
    return stat && !isDead(stat) ? [stat] : [];
  });
}

/** True when the environment of the process holds exactly this `NAME=value`. */
function carriesMarker(pid: number, marker: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    return environment.startsWith(`${marker}\0`) || environment.includes(`\0${marker}\0`);
  } catch {
    return false; // gone, or of another user: not one of ours
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile, or not ours to end: the caller sees who is left
  }
}
