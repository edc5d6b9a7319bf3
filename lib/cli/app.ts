import type { Clock } from '../env/clock.js';
import { systemClock } from '../env/clock.js';
import { nodeName } from '../env/host.js';
import { type Paths, resolvePaths } from '../env/paths.js';
import { type Random, systemRandom } from '../env/random.js';
import type { Log } from '../log/log.js';
import type { Document } from '../render/emit.js';
import type { SchedulerDeps } from '../scheduler/deps.js';
import type { Store } from '../store/store.js';
import type { GlobalArgs } from './global-args.js';
import type { ProcessEdge } from './process-edge.js';

export type ProgramName = 'nodemgr' | 'svcmgr';

/** What every command works with. Parts that cost start-up time are made on first use. */
export interface App {
  readonly program: ProgramName;
  readonly edge: ProcessEdge;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly random: Random;
  readonly nodename: string;
  /** The `TZ` setting; empty for the zone of the host. */
  readonly zoneName: string;
  /** The log file of the node, with warnings on stderr. */
  log(): Promise<Log>;
  /** The store, opened once and closed at the end of the program. */
  store(): Promise<Store>;
  /** What the scheduler room needs. */
  scheduler(): Promise<SchedulerDeps>;
  /** Data: the only writer of stdout that knows `--format` and `--color`. */
  emit<Row extends object>(document: Document<Row>, args: GlobalArgs): Promise<void>;
  /** Text that is the result itself: a value, a file. */
  print(text: string): void;
  /** Narration, on stderr. */
  note(text: string): void;
  close(): void;
}

export function createApp(program: ProgramName, edge: ProcessEdge): App {
  const paths = resolvePaths(edge);
  const zoneName = edge.env['TZ'] ?? '';
  const nodename = nodeName();
  let store: Store | undefined;

  return {
    program,
    edge,
    paths,
    clock: systemClock,
    random: systemRandom,
    nodename,
    zoneName,
    async log() {
      const { createNodeLog } = await import('../node/node-log.js');
      const { readNodeSettings } = await import('../node/settings.js');
      return createNodeLog({ paths, nodename, clock: systemClock }, readNodeSettings(paths));
    },
    async store() {
      store ??= (await import('../store/store.js')).openStore(paths.store);
      return store;
    },
    async scheduler() {
      return (await import('./machine.js')).schedulerDeps(edge);
    },
    async emit(document, args) {
      const { renderDocument } = await import('../render/emit.js');
      const { loadStyle } = await import('../render/colour.js');
      const style = await loadStyle(args.color, {
        isTty: edge.stdout.isTty,
        env: edge.env,
      });
      edge.stdout.write(renderDocument(document, args.format, style));
    },
    print: (text) => edge.stdout.write(text),
    note: (text) => edge.stderr.write(`${text}\n`),
    close: () => store?.close(),
  };
}
