/** What is known of the instances of services, last known or refreshed. */
import { objectVarDirectory } from '../../config/object-path.js';
import { isNodeFrozen } from '../../service/frozen.js';
import type { InstalledService } from '../../service/installed.js';
import {
  configurationStamp,
  type InstanceDocument,
  lastKnown,
  withFlags,
} from '../../service/instance.js';
import { type InstanceRow, instanceTable } from '../../store/instances.js';
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
  const rows =
    services.length < manyServices
      ? undefined
      : new Map(table.all().map((row): [string, InstanceRow] => [row.scope, row]));
  const states = table.states();
  const nodeFrozen = isNodeFrozen(app.paths);
  const known = services.map(({ scope, file, path }) => {
    if (refresh) return undefined;
    const row = rows ? rows.get(scope) : table.get(scope);
    const document = lastKnown(row, configurationStamp(file));
    const place = { directory: objectVarDirectory(app.paths, path) };
    return document && withFlags(document, place, nodeFrozen, states.get(scope));
  });
  const unknown = services.filter((_, at) => known[at] === undefined);
  if (unknown.length === 0) return known.filter((document) => document !== undefined);
  const { refreshInstances } = await import('./refresh-instances.js');
  const fresh = await refreshInstances(app, unknown, args);
  return services.flatMap(({ scope }, at) => known[at] ?? fresh.get(scope) ?? []);
}
