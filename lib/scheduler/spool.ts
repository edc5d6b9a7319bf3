import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../env/atomic-file.js';
import type { Paths } from '../env/paths.js';
import type { RunEnd, RunRow } from '../store/runs.js';

/** What the store could not take: the end of a run it knows, or a whole run it does not. */
export type Spooled = { kind: 'end'; end: RunEnd } | { kind: 'run'; row: RunRow };

/** A spooled entry that a tick brings in; `forget` it when that is committed. */
export interface SpooledEntry {
  readonly path: string;
  readonly spooled: Spooled;
  forget(): void;
  /** Puts an entry aside that is of no use, so that it is not met again. */
  reject(): void;
}

const directoryOf = (paths: Paths): string => join(paths.run, 'spool');

/**
 * Keeps what belongs into the ledger in the run directory while the store refuses writes (on a full
 * disk the run directory is another file system). The next tick that can write brings it in.
 *
 * @returns false when not even that is possible
 */
export function spool(paths: Paths, entry: Spooled): boolean {
  const directory = directoryOf(paths);
  const name = entry.kind === 'end' ? `end.${entry.end.id}` : `run.${entry.row.token}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileAtomic(join(directory, `${name}.json`), JSON.stringify(entry));
    return true;
  } catch {
    return false;
  }
}

/** What waits for the ledger. Files that hold no entry are put aside and named by `onGarbage`. */
export function readSpooled(paths: Paths, onGarbage: (path: string) => void): SpooledEntry[] {
  const directory = directoryOf(paths);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^(end|run)\..*\.json$/.test(name))
    .flatMap((name): SpooledEntry[] => {
      const path = join(directory, name);
      const reject = (): void => putAside(path);
      const spooled = readEntry(path);
      if (spooled) return [{ path, spooled, forget: () => rmSync(path, { force: true }), reject }];
      reject();
      onGarbage(path);
      return [];
    });
}

function readEntry(path: string): Spooled | undefined {
  try {
    const entry = JSON.parse(readFileSync(path, 'utf8')) as Partial<Spooled> | null;
    if (entry?.kind === 'end' && typeof entry.end?.id === 'number') return entry as Spooled;
    if (entry?.kind === 'run' && typeof entry.row?.scope === 'string') return entry as Spooled;
  } catch {
    // not ours, or cut short
  }
  return undefined;
}

function putAside(path: string): void {
  try {
    renameSync(path, `${path}.bad`);
  } catch {
    rmSync(path, { force: true, recursive: true });
  }
}
