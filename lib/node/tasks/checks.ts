import { defineTask } from '../../task/contract.js';
export default defineTask({
  name: 'checks',
  section: 'x',
  describe: 'x',
  async run(c) {
    c.results.write('checks', {});
  },
});
