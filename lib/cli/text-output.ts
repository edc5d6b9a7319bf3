import { fstatSync, writeSync } from 'node:fs';
import { errnoOf } from '../errors/agent-error.js';

/** One of the standard outputs. */
export interface TextOutput {
  /** Returns when everything is written, however slow the reader is. */
  write(text: string): void;
  /** The reader went away, or writing failed: nothing more is written. */
  readonly closed: boolean;
  readonly isTty: boolean;
  /** Width of the terminal; undefined for anything else. */
  readonly columns: number | undefined;
}

const retryMs = 2;
const memoryDevices = 1; // major number of /dev/null and /dev/full

/**
 * Writes to a descriptor as Unix tools do: in order, whole, before we go on. A reader that went away
 * (`| head -1`) is no error; a full disk behind it is one. Streams would do the same later and cost
 * more than a whole table.
 */
export function textOutput(fd: number, onError: (error: Error) => void): TextOutput {
  let closed = false;
  const write = (text: string): void => {
    const bytes = Buffer.from(text);
    for (let offset = 0; offset < bytes.length && !closed; ) {
      try {
        offset += writeSync(fd, bytes, offset);
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') {
          pause(retryMs); // somebody made the pipe non-blocking, and it is full
          continue;
        }
        closed = true;
        if (errnoOf(error) !== 'EPIPE' && error instanceof Error) onError(error);
      }
    }
  };
  return {
    write,
    get closed() {
      return closed;
    },
    get isTty() {
      return isTerminal(fd);
    },
    get columns() {
      if (!isTerminal(fd)) return undefined;
      return (fd === 2 ? process.stderr : process.stdout).columns || undefined;
    },
  };
}

/** A character device that is not memory: asking the terminal library costs milliseconds. */
function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && ((stat.rdev >> 8) & 0xfff) !== memoryDevices;
  } catch {
    return false;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
