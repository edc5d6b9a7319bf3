/** The hook of `--status`: what was last known of the services of this node. */
import type { InstalledService } from '../../service/installed.js';
import type { Status } from '../../status/values.js';
import type { App } from '../app.js';

/** The last known overall status of a service; `undef` when none is known. */
export type StatusOf = (service: InstalledService) => Status;

/** Reads what is known once, for all services. */
export async function lastStatuses(_app: App): Promise<StatusOf> {
  return () => 'undef';
}
