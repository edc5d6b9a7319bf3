import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { ProcessEdge } from '../lib/cli/process-edge.js';
import { textOutput } from '../lib/cli/text-output.js';
import { effectiveUid } from '../lib/env/host.js';
import { exitCodes } from '../lib/errors/exit-codes.js';

/** The process as a value. */
export function processEdge(): ProcessEdge {
  // The worker and every task start in `/`, where a relative root would be another one.
  const root = process.env['NODEMGR_ROOT'];
  if (root) process.env['NODEMGR_ROOT'] = resolve(root);
  const stderr = textOutput(2, () => undefined);
  return {
    argv: process.argv.slice(2),
    env: process.env,
    uid: effectiveUid(),
    get home() {
      return homedir();
    },
    stdout: textOutput(1, (error) => {
      process.exitCode = exitCodes.io.code;
      stderr.write(`cannot write to standard output: ${error.message}\n`);
    }),
    stderr,
    stdin: () => process.stdin,
    dialogue: () => process.stderr,
    setExitCode(code) {
      process.exitCode ||= code; // output that could not be written stays the failure
    },
    interruption({ outlivesTerminal = false } = {}) {
      const abort = new AbortController();
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      const onSignal = (name: NodeJS.Signals): void => {
        if (name !== 'SIGHUP' || !outlivesTerminal) abort.abort(name);
      };
      for (const name of signals) process.on(name, onSignal);
      return {
        signal: abort.signal,
        stop() {
          for (const name of signals) process.off(name, onSignal);
        },
      };
    },
    leaveDirectory: () => process.chdir('/'),
  };
}
