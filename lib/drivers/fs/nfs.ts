/** fs.nfs: a directory of an NFS server. */
import { defineMount } from './mount-driver.js';

export default defineMount({
  id: 'fs.nfs',
  describe: 'A directory of an NFS server; `dev` is `host:/path`.',
  type: 'nfs',
});
