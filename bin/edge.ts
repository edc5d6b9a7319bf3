import { homedir } from 'node:os';
import type { ProcessEdge } from '../lib/cli/process-edge.js';

/** The process as a value: the only place that reads `process`. */
export function processEdge(): ProcessEdge {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    uid: process.geteuid?.() ?? 0,
    get home() {
      return homedir();
    },
    // Streams are getters: opening one costs time that a tick does not need.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    setExitCode(code) {
      process.exitCode = code;
    },
    interruption() {
      const abort = new AbortController();
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      const onSignal = (name: NodeJS.Signals): void => abort.abort(name);
      for (const name of signals) process.on(name, onSignal);
      return {
        signal: abort.signal,
        stop() {
          for (const name of signals) process.off(name, onSignal);
        },
      };
    },
  };
}
