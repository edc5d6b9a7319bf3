import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors/agent-error.js';

/**
 * Replaces a text file as a whole: written beside it, synced, renamed, directory synced. Readers see
 * the old content or the new one, also after a power cut. An existing file keeps its mode, and its
 * owner and group where we may give files away.
 *
 * @param mode permission bits of a new file, whatever the umask; default 0600
 * @throws the system error of the step that failed; the target is then untouched
 */
export function writeFileAtomic(path: string, text: string | Uint8Array, mode = 0o600): void {
  const directory = dirname(path);
  const temporary = join(directory, `.${process.pid}.${path.slice(directory.length + 1)}.tmp`);
  const existing = statSync(path, { throwIfNoEntry: false });
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  try {
    const fd = openSync(temporary, 'w', 0o600);
    try {
      if (existing) giveTo(fd, existing);
      fchmodSync(fd, existing ? existing.mode & 0o7777 : mode); // last: a change of owner clears bits
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function giveTo(fd: number, { uid, gid }: Stats): void {
  try {
    fchownSync(fd, uid, gid);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error; // only root gives files away
  }
}
