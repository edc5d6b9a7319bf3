import { BoundedCapture, LineSplitter } from './capture.js';
import type { RunOptions, Stream } from './run-types.js';
import { WrapReports } from './wrapper.js';

const defaultOutputBytes = 1 << 20;
const lineBytes = 16 << 10;

/** Where the output of one program goes: bounded captures, lines for whoever listens. */
export function createSinks(token: string, options: RunOptions) {
  const maxBytes = options.maxOutputBytes ?? defaultOutputBytes;
  const stdout = new BoundedCapture(maxBytes);
  const stderr = new BoundedCapture(maxBytes);
  let failure: { error: unknown } | undefined;
  const splitter = (stream: Stream) => {
    const { onLine } = options;
    if (!onLine) return undefined;
    return new LineSplitter(lineBytes, (line) => {
      if (failure) return;
      try {
        onLine(stream, line);
      } catch (error) {
        failure = { error }; // the stream must go on, or the program blocks
      }
    });
  };
  const outLines = splitter('stdout');
  const errLines = splitter('stderr');
  const reports = new WrapReports(token, (chunk) => {
    stderr.push(chunk);
    errLines?.push(chunk);
  });

  return {
    /** What the wrapper could not do; complete when the program has ended. */
    reports: reports.reports,
    out(chunk: Buffer): void {
      stdout.push(chunk);
      outLines?.push(chunk);
    },
    err: (chunk: Buffer): void => reports.push(chunk),
    /** What there is of an outcome, after `end`. @throws what the listener of the lines threw */
    captured() {
      if (failure) throw failure.error;
      const out = stdout.result();
      const err = stderr.result();
      return {
        stdout: out.text,
        stderr: err.text,
        droppedBytes: out.droppedBytes + err.droppedBytes,
      };
    },
    end(): void {
      reports.end();
      outLines?.end();
      errLines?.end();
    },
  };
}
