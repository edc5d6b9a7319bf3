/** fs.btrfs: a btrfs file system or a subvolume of one, on one or several devices. */

import { join } from 'node:path';
import type { ActionContext } from '../../driver/contract.js';
import { defineMount, fileSystemLabel } from './mount-driver.js';
import { mountOptions } from './mount-keywords.js';

export default defineMount({
  id: 'fs.btrfs',
  describe: 'A btrfs file system, or a subvolume of one.',
  type: 'btrfs',
  // The kernel has to know all its devices before the mount of one.
  check: { argv: () => ['btrfs', 'device', 'scan'] },
  format: {
    detect: (device) => ['btrfs', 'device', 'ready', device],
    make: (device, options, label) => ['mkfs.btrfs', '-f', '-L', label, ...options, device],
  },

  async finish(kw, device, context) {
    const subvolume = mountOptions(kw)
      .find((option) => option.startsWith('subvol='))
      ?.slice('subvol='.length);
    if (subvolume !== undefined) await makeSubvolume(device, subvolume, context);
    // From now on it is found by its label, whatever device it lies on.
    const dev = `LABEL={svcname}.${context.rid.replace('#', '.')}`;
    await context.act(`set dev = LABEL=${fileSystemLabel(context)}`, () =>
      context.setKeywords({ dev }),
    );
  },
});

/** A subvolume is made below the top of its file system, which is mounted for that. */
async function makeSubvolume(
  device: string,
  subvolume: string,
  context: ActionContext,
): Promise<void> {
  const top = join(context.paths.run, 'btrfs', fileSystemLabel(context));
  await context.change(['mkdir', '-p', top]);
  try {
    await context.change(['mount', '-t', 'btrfs', '-o', 'subvolid=0', device, top]);
    try {
      await context.change(['btrfs', 'subvol', 'create', join(top, subvolume)]);
    } finally {
      await context.change(['umount', top]);
    }
  } finally {
    await context.change(['rmdir', top]);
  }
}
