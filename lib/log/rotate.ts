import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errors/agent-error.js';
import { openSqlite } from '../sqlite/open.js';

export interface RotateOptions {
  /** Rotated files kept, `.1` included. */
  keep: number;
  /** Asked again under the lock: another process may have rotated meanwhile. */
  isDue: () => boolean;
  /** UTC milliseconds. */
  now: () => number;
}

/**
 * A process may look up the name of the file, be stopped, and write after two rotations. A file is
 * compressed only when nobody has written to it for so long.
 */
const settledMs = 5000;

/**
 * Moves `x.log` to `x.log.1`, `.1` to `.2` and so on, and compresses from `.2.gz` on. One process at a
 * time does so, under a lock that the kernel holds; the others go on writing. Every step may be the
 * last one: a killed process leaves files that the next rotation takes up.
 */
export function rotate(path: string, options: RotateOptions): void {
  withRotationLock(path, () => {
    if (!options.isDue()) return;
    shift(path, options.keep);
    renameSync(path, `${path}.1`);
    for (let n = 2; n <= options.keep; n++) compress(`${path}.${n}`, options.now());
  });
}

/** Does nothing when another process has the lock: it is rotating. */
function withRotationLock(path: string, work: () => void): void {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  if (!existsSync(lock)) closeSync(openSync(lock, 'a', 0o600));
  accessSync(lock, constants.W_OK); // what SQLite cannot write it would open without a lock
  const connection = openSqlite(lock, { mustExist: true, busyTimeoutMs: 0 });
  try {
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    work();
  } catch (error) {
    if (!errnoOf(error)?.startsWith('SQLITE_BUSY')) throw error;
  } finally {
    connection.close();
  }
}

/** Makes room for a new `.1`; of a number that exists twice the compressed file is whole. */
function shift(path: string, keep: number): void {
  rmSync(`${path}.${keep}`, { force: true });
  rmSync(`${path}.${keep}.gz`, { force: true });
  for (let n = keep - 1; n >= 1; n--) {
    const plain = `${path}.${n}`;
    const compressed = `${plain}.gz`;
    if (existsSync(compressed)) {
      rmSync(plain, { force: true });
      renameSync(compressed, `${path}.${n + 1}.gz`);
    } else if (existsSync(plain)) {
      renameSync(plain, `${path}.${n + 1}`);
    }
  }
}

function compress(plain: string, now: number): void {
  const stat = statSync(plain, { throwIfNoEntry: false });
  if (!stat || now - stat.mtimeMs < settledMs) return;
  const { gzipSync } = process.getBuiltinModule('node:zlib'); // loaded only for this
  const temporary = `${plain}.gz.tmp`;
  try {
    writeFileSync(temporary, gzipSync(readFileSync(plain)), { mode: stat.mode & 0o777 });
    utimesSync(temporary, stat.atime, stat.mtime);
    renameSync(temporary, `${plain}.gz`);
    rmSync(plain);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (errnoOf(error) !== 'ENOSPC') throw error; // stays plain until there is room
  }
}
