/** fs.nfs4: a directory of an NFS server, by version 4 of the protocol. */
import { defineMount } from './mount-driver.js';

export default defineMount({
  id: 'fs.nfs4',
  describe: 'A directory of an NFS server, by version 4 of the protocol.',
  type: 'nfs4',
});
