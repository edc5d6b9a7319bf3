/** logs: the text log of an object, with its newest rotated file, optionally followed. */
import {
  closeSync,
  existsSync,
  type FSWatcher,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  watch,
} from 'node:fs';
import { dirname } from 'node:path';
import { AgentError } from '../errors/agent-error.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';

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
  const lines = [`${current}.1`, current]
    .filter((path) => existsSync(path))
    .flatMap((path) => readLog(path).split('\n').filter(Boolean));
  const shown =
    args.backlog === undefined ? lines : lines.slice(-Math.max(0, args.backlog) || lines.length);
  if (shown.length > 0 && args.backlog !== 0) app.print(`${shown.join('\n')}\n`);
  if (args.follow) await follow(app, current);
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AgentError('E_LOG', `${path} cannot be read`, {
      exit: 'notPermitted',
      remedy: 'run it as root',
      cause,
    });
  }
}

/** Prints what is appended, across rotations, until a signal ends it. */
async function follow(app: App, path: string): Promise<void> {
  const interrupt = app.edge.interruption();
  let position = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let inode = statSync(path, { throwIfNoEntry: false })?.ino;
  let watcher: FSWatcher | undefined;
  const drain = (): void => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.ino !== inode || stat.size < position) position = 0;
    inode = stat.ino;
    const fd = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - position));
      position += readSync(fd, bytes, 0, bytes.length, position);
      if (bytes.length > 0) app.print(bytes.toString('utf8'));
    } finally {
      closeSync(fd);
    }
  };
  const reading = new Promise<void>((resolve) => {
    interrupt.signal.addEventListener('abort', () => resolve(), { once: true });
    watcher = watch(dirname(path), () => {
      drain();
      if (app.edge.stdout.closed) resolve();
    });
  });
  await reading;
  watcher?.close();
  interrupt.stop();
}
