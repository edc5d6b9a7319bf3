import { readFileSync } from 'node:fs';
import { isAlive } from '../env/process-identity.js';
import { killTree, listProcesses } from '../exec/tree.js';
import { ownerOf, type RunRow } from '../store/runs.js';
import { runMarker } from './marks.js';

/** What becomes of an open ledger row whose owner is gone. */
export type Fate = { kind: 'adopt'; row: RunRow } | { kind: 'lost'; row: RunRow; reason: string };

/** A row that was claimed and never started is handed on this often before it is given up. */
const longestInheritance = 3;

/** After that it is too late to start it: nobody knows whether its window is still open. */
const inheritableMs = 10 * 60_000;

/**
 * Judges the open rows: a row whose owner lives is left alone. One that was never started goes to
 * the next batch; one that was started is lost, and what is left of its processes is ended here.
 *
 * @param now UTC ms
 */
export async function reapOrphans(
  open: readonly RunRow[],
  bootId: string,
  now: number,
): Promise<Fate[]> {
  const fates: Fate[] = [];
  const alive = new Map<string, boolean>();
  for (const row of open) {
    const owner = `${row.bootId} ${row.ownerPid} ${row.ownerStart} ${row.batch}`;
    let lives = alive.get(owner);
    if (lives === undefined) {
      lives = isAlive(ownerOf(row)) || isAwaited(row);
      alive.set(owner, lives);
    }
    if (lives) continue;

    const isFresh = Math.abs(now - row.claimedAt) <= inheritableMs;
    if (row.startedAt === null && row.attempts < longestInheritance && isFresh) {
      fates.push({ kind: 'adopt', row });
      continue;
    }
    if (row.bootId === bootId && row.startedAt !== null) {
      await killTree(
        {
          pid: row.childPid ?? -1,
          startTime: row.childStart ?? -1,
          cgroup: row.cgroup,
          marker: row.token === null ? null : runMarker(row.token),
        },
        { graceMs: 0 },
      );
    }
    fates.push({ kind: 'lost', row, reason: whyLost(row, bootId) });
  }
  return fates;
}

/**
 * The tick that claimed the row is over and the worker it started has not taken the row yet. Such a
 * worker is known by its command line, of which the batch is a word; nobody has to write it down.
 */
function isAwaited({ batch, startedAt }: RunRow): boolean {
  return (
    batch !== null && startedAt === null && listProcesses().some(({ pid }) => names(pid, batch))
  );
}

function names(pid: number, batch: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(batch);
  } catch {
    return false; // gone, or hidden: not one of ours
  }
}

function whyLost(row: RunRow, bootId: string): string {
  const what = row.startedAt === null ? 'before it was started' : 'while it was running';
  if (row.bootId !== bootId) return `the node was rebooted ${what}`;
  return `the process ${row.ownerPid} that had to run it ended ${what}`;
}
