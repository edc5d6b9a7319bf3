import { defineTask } from '../../task/contract.js';
export default defineTask({
  name: 'pushasset',
  section: 'x',
  describe: 'x',
  async run(c) {
    c.results.write('pushasset', {});
  },
});
