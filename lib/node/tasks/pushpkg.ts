import { defineTask } from '../../task/contract.js';
export default defineTask({
  name: 'pushpkg',
  section: 'x',
  describe: 'x',
  async run(c) {
    c.results.write('pushpkg', {});
  },
});
