import type { Note, ReadContext } from '../../driver/contract.js';
import { systemClock } from '../../env/clock.js';
import { parseStat, statArgv } from '../../host/file-facts.js';
import { isRemote, type Mount } from '../../host/mounts.js';
import { formatDuration } from '../../units/duration.js';
import { ownershipDifferences } from '../ownership.js';
import { silentText } from '../storage-questions.js';
import { type MountKeywords, mountOptions } from './mount-keywords.js';

/** What the write test keeps below a mount point. */
const testFile = '.opensvc';

/** The write test has this long, however late the look at the mount point came back, ms. */
const leastMs = 300;

/**
 * Looks at a mounted file system from a child process: whether it answers, whether it can be written,
 * who owns it. In all it takes `stat_timeout` and a little.
 *
 * @returns what is wrong with it
 */
export async function mountTroubles(
  kw: MountKeywords,
  mount: Mount,
  context: ReadContext,
): Promise<Note[]> {
  const { mountPoint } = mount;
  const warn = (text: string): Note => ({ level: 'warn', text });
  const until = systemClock.monotonic() + kw.stat_timeout;
  const within = ` within ${formatDuration(kw.stat_timeout)}`;
  const look = await context.probePlace(mountPoint, [...statArgv, mountPoint], {
    timeoutMs: kw.stat_timeout,
  });
  if (look.state === 'silent') return [warn(silentText(mountPoint, look.pid, within))];
  const facts = parseStat(look.result.stdout);
  if (!facts) return [warn(look.result.stderr.trim() || `${mountPoint} cannot be looked at`)];
  const notes = ownershipDifferences(kw, facts).map(warn);

  const isWritten = facts.kind === 'directory' && !isRemote(mount);
  if (!isWritten || mountOptions(kw).includes('ro')) return notes;
  // A file that others may plant there must lead nowhere else.
  const argv = ['dd', `of=${mountPoint}/${testFile}`, 'bs=1', 'count=1', 'status=none'];
  const write = await context.probePlace(
    mountPoint,
    [...argv, 'conv=notrunc', 'oflag=nofollow,nonblock'],
    { input: ' ', timeoutMs: Math.max(leastMs, until - systemClock.monotonic()) },
  );
  if (write.state === 'silent') return [...notes, warn(silentText(mountPoint, write.pid, within))];
  const { exitCode, stderr } = write.result;
  if (exitCode === 0 || isFull(stderr)) return notes;
  const why = stderr.trim().split(': ').at(-1) ?? '';
  return [...notes, warn(`${mountPoint} cannot be written: ${why || `dd exited ${exitCode}`}`)];
}

/** A full file system can be written, only not now. */
function isFull(text: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(text);
}
