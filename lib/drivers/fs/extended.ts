import type { MountType } from './mount-driver.js';

/** The ext file systems: one set of programs for all of them (e2fsprogs). */
export function extended(type: 'ext2' | 'ext3' | 'ext4'): MountType {
  return {
    id: `fs.${type}`,
    describe: `An ${type} file system.`,
    type,
    check: {
      argv: (device) => ['e2fsck', '-p', device],
      // 1: errors were corrected; 32: it was interrupted, which loses nothing (e2fsck(8)).
      acceptExitCodes: [0, 1, 32, 33],
    },
    format: {
      detect: (device) => ['tune2fs', '-l', device],
      make: (device, options) => [`mkfs.${type}`, '-F', '-q', ...options, device],
    },
  };
}
