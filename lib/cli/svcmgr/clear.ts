/** svcmgr clear: forgets a failed action and the tries of the resource monitor. */
import { instanceTable } from '../../store/instances.js';
import { defineCommand } from '../command.js';
import { selected, selectorOption } from './selection.js';

export default defineCommand({
  options: selectorOption,
  examples: [['$0 -s web clear', 'let the resource monitor try again']],
  async run(app, args) {
    const services = await selected(app, args);
    const store = await app.store();
    store.immediate(() => {
      for (const { scope } of services) instanceTable(store).clear(scope);
    });
    return 0;
  },
});
