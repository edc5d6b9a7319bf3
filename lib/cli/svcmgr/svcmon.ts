/** svcmgr svcmon, or svcmon: one row for each service, as the first generation showed them. */
import { readNodeSettings } from '../../node/settings.js';
import type { Document } from '../../render/emit.js';
import { defineCommand } from '../command.js';
import { serviceTable } from '../service-table.js';
import { statusData, statusRows, statusShape } from '../status-shape.js';
import { instancesOf } from './instances.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    refresh: { type: 'boolean', default: false, describe: 'ask the resources now' },
    updatedb: { type: 'boolean', default: false, describe: 'the same, and keep it, as always' },
    verbose: {
      type: 'boolean',
      alias: 'v',
      default: false,
      describe: 'add the status of each group of resources',
    },
  },
  examples: [
    ['$0 svcmon', 'one row for each service'],
    ["$0 -s 'web*' svcmon -v", 'some of them, with the groups of their resources'],
  ],
  async run(app, args) {
    const services = await selected(app, args, { unordered: true, mayBeEmpty: 'unselected' });
    const refresh = args.refresh || args.updatedb;
    const instances = await instancesOf(app, services, args, { refresh });
    const nodeEnv = readNodeSettings(app.paths).get('node', 'env') ?? 'TST';
    const document: Document<object> = {
      schema: statusShape.schema,
      data: Object.fromEntries(instances.map((one) => [one.scope, statusData(one)])),
      rows: instances.flatMap(statusRows),
      text: (style) => serviceTable(instances, { nodeEnv, verbose: args.verbose, style }),
    };
    await app.emit(document, args);
    return 0;
  },
});
