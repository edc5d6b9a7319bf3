import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../env/atomic-file.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { applyEdits, type IniEdit } from './edit.js';
import { type IniFile, maxIniBytes, parseIni } from './ini.js';

/** What the kernel knows about a configuration file. */
export interface FileFacts {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Inode, size, modification and change time as text: equal stamps mean an unchanged file. */
  readonly stamp: string;
}

export interface ConfigFile {
  readonly path: string;
  /** Untouched: also what is not UTF-8 can be written back. */
  readonly bytes: Uint8Array;
  readonly facts: FileFacts;
  readonly ini: IniFile;
}

/** Why a file should not be trusted as it is, or shows to others what it should not. */
export interface PermissionFinding {
  readonly problem: 'owner' | 'writable' | 'readable';
  readonly message: string;
}

const attempts = 5;

/**
 * Reads a configuration file through one descriptor: facts and content belong together. A file
 * that changes while it is read is read again.
 *
 * @returns undefined when there is no such file
 * @throws AgentError `E_CONFIG_READ` when there is something else or it cannot be read
 */
export function readConfigFile(path: string): ConfigFile | undefined {
  let fd: number;
  try {
    // Not blocking: a pipe in the place of the file must not hang every program.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw readError(path, error);
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const before = fstatSync(fd, { bigint: true });
      if (!before.isFile()) throw notAFile(path);
      const bytes = readAll(fd, Number(before.size));
      const facts = factsOf(before);
      const same = factsOf(fstatSync(fd, { bigint: true })).stamp === facts.stamp;
      if (same || attempt === attempts) return { path, bytes, facts, ini: parseIni(bytes) };
    }
  } catch (error) {
    throw error instanceof AgentError ? error : readError(path, error);
  } finally {
    closeSync(fd);
  }
}

/**
 * What is wrong with the owner and mode of a file that should be 0600 and ours.
 *
 * @param user the one we run as; root's files are trusted by everybody
 */
export function permissionFindings(
  path: string,
  facts: Pick<FileFacts, 'uid' | 'mode'>,
  user: number,
): PermissionFinding[] {
  const findings: PermissionFinding[] = [];
  const octal = `0${(facts.mode & 0o777).toString(8)}`;
  if (facts.uid !== 0 && facts.uid !== user) {
    const message = `${path}: owned by uid ${facts.uid}, not by uid ${user}`;
    findings.push({ problem: 'owner', message });
  }
  if (facts.mode & 0o022) {
    const message = `${path}: mode ${octal} lets others write it`;
    findings.push({ problem: 'writable', message });
  }
  if (facts.mode & 0o044) {
    const message = `${path}: mode ${octal} lets others read it`;
    findings.push({ problem: 'readable', message });
  }
  return findings;
}

/**
 * Why a configuration file must not be used: whoever can change it decides what we run. A file that
 * others can only read is used.
 */
export function distrust(
  path: string,
  facts: Pick<FileFacts, 'uid' | 'mode'>,
  user: number,
): AgentError | undefined {
  const finding = permissionFindings(path, facts, user).find(
    ({ problem }) => problem !== 'readable',
  );
  return (
    finding &&
    new AgentError('E_CONFIG_UNSAFE', finding.message, {
      exit: 'config',
      remedy: `look at what it says, then: chown ${user} ${path}; chmod 600 ${path}`,
    })
  );
}

/**
 * Changes a configuration file in place at text level and replaces it as a whole. Bytes that the
 * changes are not about stay, also where they are not UTF-8. A missing file is created with mode
 * 0600 when there is something to set.
 *
 * @param dryRun check whether it can be done, write nothing
 * @returns false when nothing had to change; the file is then not touched
 * @throws AgentError `E_CONFIG_VALUE`, `E_CONFIG_READ` or `E_CONFIG_WRITE`
 */
export function editConfigFile(
  path: string,
  edits: readonly IniEdit[],
  { dryRun = false }: { dryRun?: boolean } = {},
): boolean {
  const before = bytesToEdit(path);
  const after = editBytes(before, edits);
  if (Buffer.compare(before, after) === 0) return false;
  if (!dryRun) writeConfigFile(path, after);
  return true;
}

/**
 * The bytes of a file that is to be edited; none when it is missing.
 *
 * @throws AgentError `E_CONFIG_READ`, also when it is too large to be read back
 */
export function bytesToEdit(path: string): Uint8Array {
  const bytes = readConfigFile(path)?.bytes ?? new Uint8Array();
  if (bytes.byteLength <= maxIniBytes) return bytes;
  throw new AgentError('E_CONFIG_READ', `${path}: too large to be edited`, { exit: 'config' });
}

/**
 * Writes a whole configuration file and, where it is missing, its directory. An existing one keeps
 * its mode and owner.
 *
 * @throws AgentError `E_CONFIG_WRITE`
 */
export function writeConfigFile(path: string, content: string | Uint8Array): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileAtomic(path, content);
  } catch (error) {
    const denied = ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '');
    throw new AgentError('E_CONFIG_WRITE', `${path}: cannot be written`, {
      exit: denied ? 'notPermitted' : 'io',
      remedy: 'check the permissions and free space of its directory; the old content is intact',
      cause: error,
    });
  }
}

/** Edits bytes as if each were a character: the syntax is ASCII, and everything else must survive. */
function editBytes(bytes: Uint8Array, edits: readonly IniEdit[]): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = buffer.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0;
  const narrow = (text: string): string => Buffer.from(text).toString('latin1');
  const narrowed = edits.map((edit): IniEdit => {
    const section = narrow(edit.section);
    if (edit.op === 'remove') return { ...edit, section };
    const key = narrow(edit.key);
    if (edit.op === 'unset') return { ...edit, section, key };
    return { ...edit, section, key, value: narrow(edit.value) };
  });
  const text = applyEdits(buffer.subarray(mark).toString('latin1'), narrowed);
  return Buffer.concat([buffer.subarray(0, mark), Buffer.from(text, 'latin1')]);
}

/** Reads a regular file to its end, or to just beyond what the reader accepts. */
function readAll(fd: number, expected: number): Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length <= maxIniBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(expected, maxIniBytes) + 1);
    const count = readSync(fd, chunk, 0, chunk.length, length);
    chunks.push(chunk.subarray(0, count));
    length += count;
    if (count < chunk.length) break;
  }
  return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, length);
}

function factsOf(stat: BigIntStats): FileFacts {
  return {
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mode: Number(stat.mode) & 0o7777,
    mtimeMs: Number(stat.mtimeMs),
    stamp: `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`,
  };
}

function notAFile(path: string): AgentError {
  return new AgentError('E_CONFIG_READ', `${path}: not a regular file`, { exit: 'config' });
}

function readError(path: string, error: unknown): AgentError {
  const denied = ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '');
  return new AgentError('E_CONFIG_READ', `${path}: cannot be read`, {
    exit: denied ? 'notPermitted' : 'io',
    remedy: denied ? 'run the command as root' : 'check the file system of the file',
    cause: error,
  });
}
