/** svcmgr mon: the node and its services at a glance. */
import { setTimeout as delay } from 'node:timers/promises';
import { readLoadavg } from '../../host/loadavg.js';
import type { Document } from '../../render/emit.js';
import { isNodeFrozen } from '../../service/frozen.js';
import type { App } from '../app.js';
import { type Args, defineCommand } from '../command.js';
import { renderOverview } from '../overview.js';
import { statusData, statusRows, statusShape } from '../status-shape.js';
import { instancesOf, refreshOption } from './instances.js';
import { selected, selectorOption } from './selection.js';

const options = {
  ...selectorOption,
  ...refreshOption,
  watch: {
    type: 'boolean',
    alias: 'w',
    default: false,
    describe: 'draw it again every second, on a terminal',
  },
} as const;

const clearScreen = '\u001b[H\u001b[2J';

export default defineCommand({
  options,
  examples: [
    ['$0 mon', 'the node and its services'],
    ["$0 -s 'web*' mon --watch", 'some of them, again and again'],
  ],
  async run(app, args) {
    if (!args.watch || !app.edge.stdout.isTty) {
      await app.emit(await overview(app, args), args);
      return 0;
    }
    const interrupt = app.edge.interruption();
    try {
      while (!interrupt.signal.aborted) {
        app.print(clearScreen);
        await app.emit(await overview(app, args), args);
        await delay(1000, undefined, { signal: interrupt.signal }).catch(() => undefined);
      }
    } finally {
      interrupt.stop();
    }
    return 0;
  },
});

async function overview(app: App, args: Args<typeof options>): Promise<Document<object>> {
  const services = await selected(app, args, { unordered: true, mayBeEmpty: true });
  const instances = await instancesOf(app, services, args, { refresh: args.refresh });
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
