/** What `--status` selects by: what was last known of the services of this node. */
import { bootId } from '../../env/host.js';
import type { InstalledService } from '../../service/installed.js';
import { parseStatus, type Status } from '../../status/values.js';
import { instanceTable } from '../../store/instances.js';
import type { App } from '../app.js';

/** The last known overall status of a service; `undef` when none is known of this boot. */
export type StatusOf = (service: InstalledService) => Status;

/** Reads what is known once, for all services. */
export async function lastStatuses(app: App): Promise<StatusOf> {
  const known = instanceTable(await app.store()).overalls(bootId());
  return ({ scope }) => parseStatus(known.get(scope) ?? '') ?? 'undef';
}
