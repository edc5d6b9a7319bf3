import { objectLogFile, parseObjectPath, rootNamespace } from '../config/object-path.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import { selfIdentity } from '../env/process-identity.js';
import { errnoOf } from '../errors/agent-error.js';
import type { Run } from '../exec/run.js';
import { createLog } from '../log/create-log.js';
import type { Log } from '../log/log.js';
import type { Syslog } from '../log/syslog.js';
import { createNodeLog } from '../node/node-log.js';
import { type NodeSettings, readNodeSettings } from '../node/settings.js';
import { syslogOf } from '../node/syslog.js';
import type { OutboxLimits } from '../store/outbox.js';
import type { RetentionLimits } from '../store/retention.js';
import type { RunEnd, RunRow } from '../store/runs.js';
import type { Store } from '../store/store.js';
import type { SchedulerDeps } from './deps.js';
import { recordEnd } from './record.js';
import { runTokens } from './run-token.js';

/** What a process that runs tasks works with, whether it is a tick, a worker or a person's command. */
export interface RunServices {
  readonly deps: SchedulerDeps;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly nodename: string;
  readonly store: Store;
  readonly log: Log;
  readonly run: Run;
  readonly settings: NodeSettings;
  /** Undefined when node.conf does not ask for it. */
  readonly syslog: Syslog | undefined;
  readonly retention: RetentionLimits;
  readonly outboxLimits: OutboxLimits;
  newToken(): string;
  /** Takes texts out of all logs of objects. */
  hide(texts: readonly string[]): void;
  /** The log of one object; the node's own for scope `node`. */
  logOf(scope: string, rid?: string): Log;
  /** Last run and hooks of a run that has just ended: call it inside the ledger's transaction. */
  recordEnd(row: RunRow, end: RunEnd): void;
  /** Writes the Prometheus text file when `node.metrics_textfile` names one. */
  writeMetrics(): Promise<void>;
}

export function runServices(
  deps: SchedulerDeps,
  store: Store,
  options: { shells?: boolean } = {},
): RunServices {
  const { paths, clock, nodename } = deps;
  const settings = readNodeSettings(paths);
  const syslog = syslogOf(settings);
  const log = createNodeLog(deps, settings, syslog);
  const secrets = new Set<string>();
  let runner: Promise<Run> | undefined;
  return {
    deps,
    paths,
    clock,
    nodename,
    store,
    log,
    async run(argv, runOptions) {
      // A tick that only hands work to a worker starts no program itself.
      runner ??= import('../exec/run.js').then(({ createRunner }) =>
        createRunner({ log, clock, env: deps.env, shells: options.shells ?? false }),
      );
      return (await runner)(argv, runOptions);
    },
    settings,
    syslog,
    hide: (texts) => {
      for (const text of texts) secrets.add(text);
    },
    retention: settings.retention,
    outboxLimits: settings.outbox,
    newToken: runTokens(selfIdentity(), clock.now()),
    logOf(scope, rid) {
      if (scope === 'node') return log;
      const path = parseObjectPath(scope);
      return createLog({
        file: objectLogFile(paths, path),
        node: nodename,
        name: path.namespace === rootNamespace ? path.name : scope.replaceAll('/', '.'),
        now: clock.now,
        syslog,
        secrets,
        ...(rid !== undefined && { rid }),
      });
    },
    recordEnd: (row, end) => recordEnd(store, row, end),
    async writeMetrics() {
      if (!settings.metricsTextfile) return;
      const { writeMetrics } = await import('./metrics.js');
      try {
        writeMetrics(store, settings.metricsTextfile, nodename, clock.now());
      } catch (error) {
        // A system error: the directory is missing or full. The ledger does not depend on it.
        if (errnoOf(error) === undefined) throw error;
        log.warn('metrics_textfile cannot be written', {
          file: settings.metricsTextfile,
          why: errnoOf(error),
        });
      }
    },
  };
}
