/** svcmgr mon: the node and its services at a glance. */
import { defineCommand } from '../command.js';
import { overviewOf } from './glance.js';
import { refreshOption } from './instances.js';
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

export default defineCommand({
  options,
  examples: [
    ['$0 mon', 'the node and its services'],
    ["$0 -s 'web*' mon --watch", 'some of them, again and again'],
  ],
  async run(app, args) {
    const services = () => selected(app, args, { unordered: true, mayBeEmpty: true });
    if (args.watch && app.edge.stdout.isTty) {
      const { watch } = await import('./watching.js');
      await watch(app, services, args);
    } else {
      await app.emit(await overviewOf(app, await services(), args), args);
    }
    return 0;
  },
});
