/** svcmgr abort: ends the action that runs on a service. */
import { objectVarDirectory } from '../../config/object-path.js';
import { endHolder } from '../../lock/lock.js';
import { actionLock } from '../../service/operate.js';
import { instanceTable } from '../../store/instances.js';
import { defineCommand } from '../command.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: selectorOption,
  examples: [['$0 -s web abort', 'end the action that runs, which is then rolled back']],
  async run(app, args) {
    const services = await selected(app, args);
    const store = await app.store();
    for (const { scope, path } of services) {
      const holder = endHolder(actionLock({ directory: objectVarDirectory(app.paths, path) }));
      if (holder) {
        app.note(`${app.nodename}.${scope} ended ${holder.intent} of process ${holder.pid}`);
      } else {
        app.note(`${app.nodename}.${scope} no action is running`);
      }
      store.immediate(() => instanceTable(store).clear(scope));
    }
    return 0;
  },
});
