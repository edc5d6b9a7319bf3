/** svcmgr clear: forgets a failed action and the tries of the resource monitor. */
import { recorded } from '../../service/action-record.js';
import { instanceTable } from '../../store/instances.js';
import { defineCommand } from '../command.js';
import { selected, selectorOption } from './selection.js';
import { surroundingsOf } from './service-console.js';

export default defineCommand({
  options: selectorOption,
  examples: [['$0 -s web clear', 'let the resource monitor try again']],
  async run(app, args) {
    const services = await selected(app, args);
    const store = await app.store();
    const around = await surroundingsOf(app, args);
    for (const { scope, path } of services) {
      await recorded({ scope, path, secrets: [] }, 'clear', around, {}, async () =>
        store.immediate(() => instanceTable(store).clear(scope)),
      );
    }
    return 0;
  },
});
