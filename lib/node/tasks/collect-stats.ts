import { defineTask } from '../../task/contract.js';
export default defineTask({
  name: 'collect-stats',
  section: 'x',
  describe: 'x',
  async run(c) {
    c.results.write('collect-stats', {});
  },
});
