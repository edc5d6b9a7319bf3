import { readLoadavg } from '../../host/loadavg.js';
import type { Document } from '../../render/emit.js';
import { isNodeFrozen } from '../../service/frozen.js';
import type { InstalledService } from '../../service/installed.js';
import type { App } from '../app.js';
import type { GlobalArgs } from '../global-args.js';
import { renderOverview } from '../overview.js';
import { statusData, statusRows, statusShape } from '../status-shape.js';
import { instancesOf } from './instances.js';

/** The node and services at a glance, as they were last known or are now. */
export async function overviewOf(
  app: App,
  services: readonly InstalledService[],
  args: GlobalArgs & { refresh?: boolean },
): Promise<Document<object>> {
  const instances = await instancesOf(app, services, args, { refresh: args.refresh ?? false });
  const node = {
    name: app.nodename,
    load15: readLoadavg().fifteen.toFixed(1),
    frozen: isNodeFrozen(app.paths),
  };
  return {
    schema: statusShape.schema,
    data: Object.fromEntries(instances.map((instance) => [instance.scope, statusData(instance)])),
    rows: instances.flatMap(statusRows),
    text: (style) => renderOverview(node, instances, style),
  };
}
