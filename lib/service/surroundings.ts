import { objectLogFile, rootNamespace } from '../config/object-path.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import { createRunner } from '../exec/run.js';
import { createPeers } from '../host/remote.js';
import { createLog } from '../log/create-log.js';
import type { Level, Log } from '../log/log.js';
import type { Syslog } from '../log/syslog.js';
import { gateFor, type Surroundings } from './context.js';
import type { Service } from './service.js';

/** So many programs that only read are asked at once. */
const parallelProbes = 8;

export interface SurroundingsOptions {
  readonly paths: Paths;
  readonly nodename: string;
  readonly clock: Clock;
  /** Environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly level?: Level;
  /** Keywords of the section `node` of node.conf. */
  readonly rsh?: string | undefined;
  readonly nodeEnv?: string | undefined;
  readonly syslog?: Syslog | undefined;
  /** A dry run writes no log file. */
  readonly dryRun?: boolean;
  /** Shows a line to the operator; without it only the log files have it. */
  readonly console?: (level: Level, line: string) => void;
}

/** What services are asked and acted on with, in this process. */
export function createSurroundings(options: SurroundingsOptions): Surroundings {
  const { paths, nodename, clock, env, level, dryRun = false, console } = options;
  const run = createRunner({ clock, env });
  const secrets = new Set<string>();
  const logOf = (
    { path, scope, secrets: own }: Pick<Service, 'path' | 'scope' | 'secrets'>,
    rid?: string,
    shown = console,
  ): Log => {
    for (const secret of own) secrets.add(secret);
    return createLog({
      file: objectLogFile(paths, path),
      node: nodename,
      name: path.namespace === rootNamespace ? path.name : scope.replaceAll('/', '.'),
      now: clock.now,
      fileless: dryRun,
      syslog: options.syslog,
      secrets,
      ...(level && { level }),
      ...(rid !== undefined && { rid }),
      ...(shown && { console: shown }),
    });
  };
  return {
    run,
    peers: createPeers(run, options.rsh),
    nodeEnv: options.nodeEnv,
    clock,
    paths,
    nodename,
    answers: new Map(),
    gate: gateFor(parallelProbes),
    logOf,
    journalOf: (service) => logOf(service, undefined, () => undefined),
  };
}
