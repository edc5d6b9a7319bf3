/** What is known of the instances of services, last known or refreshed. */

import { objectVarDirectory } from '../../config/object-path.js';
import { fileStamp } from '../../env/file-stamp.js';
import { isAlive } from '../../env/process-identity.js';
import { isNodeFrozen } from '../../service/frozen.js';
import type { InstalledService } from '../../service/installed.js';
import {
  directoryLister,
  type InstanceDocument,
  lastKnown,
  withFlags,
} from '../../service/known-instance.js';
import { type InstanceRow, instanceTable } from '../../store/instances.js';
import { ownerOf, runTable } from '../../store/runs.js';
import type { Store } from '../../store/store.js';
import type { App } from '../app.js';
import type { OptionTable } from '../command.js';
import type { GlobalArgs } from '../global-args.js';

export const refreshOption = {
  refresh: { type: 'boolean', default: false, describe: 'ask the resources now' },
} as const satisfies OptionTable;

/** From so many services on, reading the table as a whole is cheaper than asking for each. */
const manyServices = 20;

/**
 * The instances of services in their order. What is last known serves as long as the configuration
 * did not change; with `refresh` every driver is asked.
 */
export async function instancesOf(
  app: App,
  services: readonly InstalledService[],
  args: GlobalArgs,
  { refresh }: { refresh: boolean },
): Promise<InstanceDocument[]> {
  const store = await app.store();
  const table = instanceTable(store);
  const areMany = services.length >= manyServices;
  if (areMany && !refresh) await spareTheOptimizer();
  const rows = areMany
    ? new Map(table.all().map((row): [string, InstanceRow] => [row.scope, row]))
    : undefined;
  const flags = {
    nodeFrozen: isNodeFrozen(app.paths),
    states: table.states(),
    runs: openRuns(store),
    namesIn: directoryLister(),
  };
  const known = services.map(({ scope, file }) =>
    refresh ? undefined : lastKnown(rows ? rows.get(scope) : table.get(scope), fileStamp(file)),
  );
  const unknown = services.filter((_, at) => known[at] === undefined);
  const fresh = unknown.length === 0 ? undefined : await refreshed(app, unknown, args, refresh);
  return services.flatMap(({ scope, path }, at) => {
    const document = known[at] ?? fresh?.get(scope);
    if (!document) return [];
    return withFlags(document, { directory: objectVarDirectory(app.paths, path) }, flags);
  });
}

async function refreshed(
  app: App,
  services: readonly InstalledService[],
  args: GlobalArgs,
  isAsked: boolean,
) {
  const { refreshInstances } = await import('./refresh-instances.js');
  return refreshInstances(app, services, args, { inside: isAsked ? 'now' : 'known' });
}

/** By scope: sections whose runs have been started and have not ended. */
function openRuns(store: Store): Map<string, string[]> {
  const runs = new Map<string, string[]>();
  for (const row of runTable(store).open()) {
    if (row.startedAt === null || !isAlive(ownerOf(row))) continue;
    runs.set(row.scope, [...(runs.get(row.scope) ?? []), row.section]);
  }
  return runs;
}

/**
 * A listing is over before code that V8 optimizes beside it pays, and Node.js waits at its end for
 * the threads that still do: a quarter of the time for a thousand services.
 */
async function spareTheOptimizer(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--no-opt');
}
