/** logs: the text log of an object, with its newest rotated file, optionally followed. */
import {
  closeSync,
  type FSWatcher,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  watch,
} from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { runPager } from '../exec/interactive.js';
import { renderTime } from '../log/format.js';
import { loadStyle } from '../render/colour.js';
import { paint, type Style } from '../render/style.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';
import { lineFormat } from './log-lines.js';

export const logsOptions = {
  backlog: { type: 'number', value: 'N', describe: 'only the last N lines' },
  follow: { type: 'boolean', alias: 'f', default: false, describe: 'go on with what is written' },
} as const satisfies OptionTable;

/** @param base the log file without `.log` */
export async function printLogs(
  app: App,
  base: string,
  args: Args<typeof logsOptions>,
): Promise<void> {
  const current = args.debug ? `${base}.debug.log` : `${base}.log`;
  const reader = openReader(current);
  const { isTty } = app.edge.stdout;
  const style = await loadStyle(args.color, { isTty, env: app.edge.env });
  const format = lineFormat(style, isTty ? dayLine(app, style) : undefined);
  const whole = wholeLines();
  const end = args.follow ? '' : '\n'; // whose end is still to come ends here
  const lines = whole(`${readRotated(`${current}.1`)}${reader.rest()}${end}`);
  const { backlog } = args;
  const shown = backlog === undefined ? lines : lines.slice(Math.max(0, lines.length - backlog));
  const text = format(shown);
  if (isTty && text !== '' && backlog === undefined && !args.follow) await page(text, app);
  else app.print(text);
  if (args.follow) {
    await follow(app, current, { rest: () => format(whole(reader.rest())) });
  }
  reader.close();
}

/** A line of its own for each day that is not today: the lines of a person's log have no date. */
function dayLine(app: App, style: Style): (day: string) => string {
  let last = renderTime(app.clock.now()).slice(0, 10);
  return (day) => {
    if (day === last) return '';
    last = day;
    return `${paint(style, 'dim', day)}\n`;
  };
}

/** Cuts what is read into lines; the begin of one whose end is still to come waits for it. */
function wholeLines(): (text: string) => string[] {
  let rest = '';
  return (text) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    return lines.filter(Boolean);
  };
}

/** Through the pager, as far as the text does not fit on the screen and there is one. */
async function page(text: string, app: App): Promise<void> {
  if (!(await runPager(text))) app.print(text);
}

function readRotated(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return '';
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): AgentError {
  return new AgentError('E_LOG', `${path} cannot be read`, {
    exit: 'notPermitted',
    remedy: 'run it as root',
    cause,
  });
}

interface LogReader {
  /** What was written since the last call, to the end, also when the file was rotated meanwhile. */
  rest(): string;
  close(): void;
}

/** Reads on where it stopped. The file stays open, so that the end of a rotated one is not lost. */
function openReader(path: string): LogReader {
  let open: { fd: number; inode: number; position: number; decoder: StringDecoder } | undefined;
  const close = (): void => {
    if (open) closeSync(open.fd);
    open = undefined;
  };
  const reopen = (): void => {
    close();
    try {
      const fd = openSync(path, 'r');
      open = { fd, inode: fstatSync(fd).ino, position: 0, decoder: new StringDecoder('utf8') };
    } catch (cause) {
      if (errnoOf(cause) !== 'ENOENT') throw unreadable(path, cause);
    }
  };
  const drain = (): string => {
    if (!open) return '';
    const { size } = fstatSync(open.fd);
    if (size < open.position) open.position = 0; // emptied in place
    const bytes = Buffer.alloc(size - open.position);
    const length = readSync(open.fd, bytes, 0, bytes.length, open.position);
    open.position += length;
    return open.decoder.write(bytes.subarray(0, length));
  };
  return {
    rest() {
      let text = drain();
      const present = statSync(path, { throwIfNoEntry: false });
      if (!present || present.ino === open?.inode) return text;
      text += drain(); // lines may have come between the reading and the rotation
      reopen();
      return text + drain();
    },
    close,
  };
}

const lookMs = 500;

/** Prints what is appended, across rotations, until a signal ends it or the reader goes. */
async function follow(app: App, path: string, reader: Pick<LogReader, 'rest'>): Promise<void> {
  const interrupt = app.edge.interruption();
  let watcher: FSWatcher | undefined;
  let look: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const pass = (): void => {
        try {
          app.print(reader.rest());
          if (app.edge.stdout.closed) resolve();
        } catch (error) {
          reject(error);
        }
      };
      interrupt.signal.addEventListener('abort', () => resolve(), { once: true });
      watcher = watch(dirname(path), pass);
      // Network file systems tell nobody of what other hosts write.
      look = setInterval(pass, lookMs);
      pass(); // what came before the watch
    });
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
    throw new AgentError('E_LOG', `${dirname(path)} does not exist: nothing was logged yet`, {
      remedy: 'try again after the first run',
      cause,
    });
  } finally {
    watcher?.close();
    clearInterval(look);
    interrupt.stop();
  }
}
