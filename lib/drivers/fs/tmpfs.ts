/** fs.tmpfs: a file system in memory. */
import { defineMount } from './mount-driver.js';

export default defineMount({
  id: 'fs.tmpfs',
  describe: 'A file system in memory; `dev` is `none`.',
  type: 'tmpfs',
});
