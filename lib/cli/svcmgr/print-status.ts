/** svcmgr print status: the instances of services on this node, resource by resource. */
import { isGlob } from '../../config/glob.js';
import type { Document } from '../../render/emit.js';
import type { InstanceDocument } from '../../service/known-instance.js';
import { defineCommand } from '../command.js';
import { statusData, statusRows, statusShape } from '../status-shape.js';
import { statusTree } from '../status-tree.js';
import { instancesOf, refreshOption } from './instances.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    ...refreshOption,
    verbose: { type: 'boolean', alias: 'v', default: false, describe: 'eight flags' },
    'show-disabled': { type: 'boolean', default: false, describe: 'also disabled resources' },
    'hide-disabled': { type: 'boolean', default: false, describe: 'no disabled resources' },
  },
  examples: [
    ['$0 -s web print status', 'one service, as it was last known'],
    ["$0 -s '*' print status --refresh --format json", 'all of them, looked at now'],
  ],
  async run(app, args) {
    const services = await selected(app, args, { unordered: true });
    const instances = (await instancesOf(app, services, args, { refresh: args.refresh })).sort(
      (a, b) => a.priority - b.priority, // they come sorted by path
    );
    const showDisabled = args['show-disabled'] ? true : args['hide-disabled'] ? false : undefined;
    const one = instances.length === 1 && args.service !== undefined && isPlainName(args.service);
    const document: Document<object> = {
      schema: statusShape.schema,
      // With a thousand services each form takes its time: only the one that is asked for is made.
      data: args.format.endsWith('json') ? dataOf(instances, one) : {},
      rows: args.format === 'csv' ? instances.flatMap(statusRows) : [],
      text: (style) => {
        const options = {
          ...{ verbose: args.verbose, showDisabled, style },
          width: app.edge.stdout.columns,
        };
        return instances.map((instance) => statusTree(instance, options)).join('');
      },
    };
    await app.emit(document, args);
    return instances.length < services.length ? 1 : 0;
  },
});

/** One service named by its name is the object itself, anything else an object by path. */
function dataOf(instances: readonly InstanceDocument[], one: boolean): object {
  const [first] = instances;
  if (one && first) return statusData(first);
  return Object.fromEntries(instances.map((instance) => [instance.scope, statusData(instance)]));
}

function isPlainName(selector: string): boolean {
  return !isGlob(selector) && !/[,+!=<>~:]/.test(selector);
}
