import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { readProcessStat } from '../env/process-identity.js';
import { drain } from './drain.js';
import { startError } from './start-error.js';

/** Exit code and signal, as a child process tells them. */
export type Ended = readonly [exitCode: number | null, signal: NodeJS.Signals | null];

interface Outputs {
  out(chunk: Buffer): void;
  err(chunk: Buffer): void;
}

/**
 * A shell in a session of its own that runs programs one after the other, so that each costs the
 * fork of a small shell instead of one of ours (docs/performance.md). Its streams are those of its
 * programs; a marker ends what belongs to one. A shell must be retired when a program may have left
 * processes behind: they would write into the output of the next.
 */
export interface TaskShell {
  readonly pid: number;
  readonly startTime: number;
  /** The end of the shell itself. */
  readonly ended: Promise<Ended>;
  /**
   * Runs the text in a subshell without input.
   * @param marker a word that does not stand in the output of the program
   * @returns its exit code, as shells have it: 128 and more for signals
   */
  run(text: string, marker: string, outputs: Outputs): Promise<number>;
  /** Whether somebody ended the shell itself, as far as we were told. */
  hasEnded(): boolean;
  /** Passes on what is left of the output of a program whose end no marker told. */
  rest(): Promise<void>;
  /** Lets the shell end and forgets its streams. */
  retire(): void;
  /** Whether an idle shell keeps our process alive. */
  hold(wanted: boolean): void;
}

/** @throws AgentError `E_START` */
export async function startTaskShell(
  environment: Readonly<Record<string, string>>,
): Promise<TaskShell> {
  const { spawn } = await import('node:child_process');
  const child = spawn('/bin/sh', [], {
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
    child.once('error', reject);
  });
  ended.catch(() => undefined);
  if (child.pid === undefined) {
    throw startError('a shell for tasks', await ended.catch((error: unknown) => error));
  }
  return shellOn(child, child.pid, ended);
}

function shellOn(child: ChildProcess, pid: number, ended: Promise<Ended>): TaskShell {
  const { stdin } = child;
  const streams = child.stdio.slice(1) as Readable[];
  const [out, err, status] = streams.map(readPieces);
  if (!stdin || !out || !err || !status) throw new Error('a stream of the shell is no pipe');
  stdin.on('error', () => undefined); // it ended: `ended` tells
  return {
    pid,
    startTime: readProcessStat(pid)?.startTime ?? 0,
    ended,
    async run(text, marker, outputs) {
      let code = '';
      const done = Promise.all([
        out.until(marker, outputs.out),
        err.until(marker, outputs.err),
        status.until(marker, (chunk) => {
          code += chunk.toString('latin1');
        }),
      ]);
      stdin.write(
        `( exec 3>&-\n${text}\n) </dev/null\n` +
          `printf '%d%s' $? ${marker} >&3; printf %s ${marker}; printf %s ${marker} >&2\n`,
      );
      await done;
      return Number(code);
    },
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async rest() {
      await drain(streams);
      out.flush();
      err.flush();
    },
    retire() {
      stdin.destroy();
      for (const stream of streams) stream.destroy();
      child.unref();
    },
    hold(wanted) {
      const what = wanted ? 'ref' : 'unref';
      child[what]();
      for (const stream of [stdin, ...streams]) (stream as unknown as NodeJS.Timeout)[what]();
    },
  };
}

type Pass = (chunk: Buffer) => void;

/** Reads a stream in pieces that markers end. */
function readPieces(stream: Readable) {
  let held: Buffer = Buffer.alloc(0);
  let current: { marker: Buffer; pass: Pass; done: () => void } | undefined;
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (!current) return;
    const { marker, pass, done } = current;
    const at = held.indexOf(marker);
    const end = at === -1 ? held.length - overlap(held, marker) : at;
    if (end > 0) pass(held.subarray(0, end));
    held = held.subarray(at === -1 ? end : at + marker.length);
    if (at === -1) return;
    current = undefined;
    done();
  });
  return {
    until: (marker: string, pass: Pass): Promise<void> =>
      new Promise((resolve) => {
        current = { marker: Buffer.from(marker), pass, done: resolve };
      }),
    /** The marker will not come: what looked like its begin belongs to the piece. */
    flush(): void {
      if (held.length > 0) current?.pass(held);
      held = Buffer.alloc(0);
    },
  };
}

/** How many bytes at the end of `data` may be the begin of the marker. */
function overlap(data: Buffer, marker: Buffer): number {
  for (let length = Math.min(data.length, marker.length - 1); length > 0; length--) {
    if (data.subarray(data.length - length).equals(marker.subarray(0, length))) return length;
  }
  return 0;
}
