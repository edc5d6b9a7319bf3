/** fs.xfs: an xfs file system. Its mount replays the log: no check is needed before. */
import { defineMount } from './mount-driver.js';

export default defineMount({
  id: 'fs.xfs',
  describe: 'An xfs file system.',
  type: 'xfs',
  format: {
    detect: (device) => ['xfs_admin', '-l', device],
    make: (device, options) => ['mkfs.xfs', '-f', '-q', ...options, device],
  },
});
