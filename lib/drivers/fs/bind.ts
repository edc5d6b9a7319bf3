/** fs.bind: a directory in a second place, or whatever mount(8) recognises by itself. */
import { defineMount } from './mount-driver.js';

export default defineMount({
  id: 'fs.bind',
  describe: 'A directory in a second place. As `none`: whatever mount recognises by itself.',
  type: undefined,
});
