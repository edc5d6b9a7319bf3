/** svcmgr abort: ends the action that runs on a service. */
import { objectVarDirectory } from '../../config/object-path.js';
import { endHolder } from '../../lock/lock.js';
import { actionLocks } from '../../service/action-lock.js';
import { recorded } from '../../service/action-record.js';
import { instanceTable } from '../../store/instances.js';
import { defineCommand } from '../command.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

export default defineCommand({
  options: selectorOption,
  examples: [['$0 -s web abort', 'end the action that runs, which is then rolled back']],
  async run(app, args) {
    const services = await selected(app, args);
    const store = await app.store();
    const around = await surroundingsOf(app, args);
    for (const { scope, path } of services) {
      const place = { directory: objectVarDirectory(app.paths, path) };
      const head = `${app.nodename}.${scope}`;
      await recorded({ scope, path, secrets: [] }, 'abort', around, {}, async () => {
        const ended = actionLocks(place).flatMap((lock) => endHolder(lock) ?? []);
        for (const { intent, pid } of ended) app.note(`${head} ended ${intent} of process ${pid}`);
        if (ended.length === 0) app.note(`${head} no action is running`);
        store.immediate(() => instanceTable(store).clear(scope));
      });
    }
    return 0;
  },
});
