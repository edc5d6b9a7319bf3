import { closeSync, fstatSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { isSameDay } from './format.js';
import { rotate } from './rotate.js';

export interface LogFileOptions {
  path: string;
  /** Size at which the file is rotated, bytes. */
  maxBytes: number;
  /** Rotated files kept. */
  keep: number;
  /** UTC milliseconds. */
  now: () => number;
}

/**
 * A file that many processes append to: one write per record, opened by the first record. It never
 * throws: a log that cannot be written must not stop the work it tells about.
 */
export class LogFile {
  private readonly options: LogFileOptions;
  private fd: number | undefined;
  private inode = 0;
  /** When this process last wrote to the file, by its own clock; before that, when another one did. */
  private lastAt = 0;
  private lost = 0;
  private midLine = false;
  private failure: AgentError | undefined;
  private failed = false;

  constructor(options: LogFileOptions) {
    this.options = options;
  }

  /**
   * @param text whole lines, the last newline included
   * @param aboutLost the lines that tell how many records were lost before this one
   */
  append(text: string, aboutLost: (count: number) => string): void {
    try {
      this.rotateWhenDue();
      this.write(this.lost > 0 ? aboutLost(this.lost) + text : text);
      this.lost = 0;
    } catch (error) {
      this.lost++;
      this.remember(error);
      this.close();
    }
  }

  /** The first thing that went wrong, told once. */
  takeFailure(): AgentError | undefined {
    const { failure } = this;
    this.failure = undefined;
    return failure;
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private write(text: string): void {
    for (;;) {
      const fd = this.open();
      const bytes = Buffer.from(this.midLine ? `\n${text}` : text);
      for (let offset = 0; offset < bytes.length; ) {
        offset += writeSync(fd, bytes, offset);
        this.midLine = offset < bytes.length;
      }
      this.lastAt = this.options.now();
      // Compressed and removed by another process before we wrote: say it again in the new file.
      if (fstatSync(fd).nlink > 0) return;
      this.close();
    }
  }

  /** The file that now has the name: another process may have rotated it meanwhile. */
  private open(): number {
    if (this.fd !== undefined) {
      const named = statSync(this.options.path, { throwIfNoEntry: false });
      if (named?.ino === this.inode) return this.fd;
      this.close();
    }
    const fd = openAppending(this.options.path);
    const { ino, mtimeMs } = fstatSync(fd);
    if (ino !== this.inode) {
      this.midLine = false;
      this.lastAt = mtimeMs;
    }
    this.inode = ino;
    this.fd = fd;
    return fd;
  }

  private rotateWhenDue(): void {
    const { path, maxBytes, keep, now } = this.options;
    const isDue = () => {
      const named = statSync(path, { throwIfNoEntry: false });
      if (!named || named.size === 0) return false;
      if (named.size >= maxBytes) return true;
      // A clock that was set back must not rotate at every record.
      const last = named.ino === this.inode ? this.lastAt : named.mtimeMs;
      return last < now() && !isSameDay(last, now());
    };
    if (!isDue()) return;
    try {
      rotate(path, { keep, isDue, now });
    } catch (error) {
      this.remember(error); // the record itself still fits into the old file
    }
  }

  private remember(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    const { path } = this.options;
    this.failure =
      error instanceof AgentError
        ? error
        : new AgentError('E_LOG', `log ${path} cannot be written: ${errnoOf(error) ?? error}`, {
            exit: 'io',
            remedy: `check the free space and the owner of ${dirname(path)}`,
            cause: error,
          });
  }
}

function openAppending(path: string): number {
  try {
    return openSync(path, 'a', 0o640);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return openSync(path, 'a', 0o640);
  }
}
