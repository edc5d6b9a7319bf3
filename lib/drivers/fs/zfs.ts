/** fs.zfs: a dataset of a zfs pool. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import type { ActionContext, Driver } from '../../driver/contract.js';
import { parseZfsProperties, zfsGetArgv } from '../../host/zfs.js';
import { defineMount } from './mount-driver.js';
import { mountKeywords } from './mount-keywords.js';
import { withoutSlashes } from './source.js';

const keywords = defineKeywords({
  ...mountKeywords,
  size: {
    kind: 'size',
    scopable: true,
    provisioning: true,
    text: 'Most space of the dataset without its snapshots (refquota). Default: no limit.',
  },
  mkfs_opt: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'Options of `zfs create`.',
  },
});

type Keywords = Values<typeof keywords>;

const mounting = defineMount({
  id: 'fs.zfs',
  describe: 'A dataset of a zfs pool.',
  type: 'zfs',
  isForOneNode: true,

  async mount({ dev, mnt }, context) {
    await setProperties(dev, withoutSlashes(mnt), context);
    const first = await context.change(['zfs', 'mount', dev], { acceptExitCodes: [0, 1] });
    // The mount point may hold files: they are hidden, as by any other mount.
    if (first.exitCode !== 0) await context.change(['zfs', 'mount', '-O', dev]);
  },

  async unmount({ dev }, find, context) {
    const first = await context.change(['zfs', 'umount', dev], { acceptExitCodes: [0, 1] });
    if (first.exitCode !== 0 && (await find())) await context.change(['zfs', 'umount', '-f', dev]);
  },
});

const driver: Driver<Keywords> = {
  ...mounting,
  keywords,

  async provisioned({ dev }, context) {
    return (await context.probe(['zfs', 'list', dev])).exitCode === 0;
  },

  async provision({ dev, mnt, size, mkfs_opt = [] }, context) {
    const quota = size === undefined ? [] : ['-o', `refquota=${size}`];
    const properties = ['-o', `mountpoint=${withoutSlashes(mnt)}`, '-o', 'canmount=noauto'];
    await context.change(['zfs', 'create', '-p', ...properties, ...quota, ...mkfs_opt, dev]);
  },

  async unprovision(kw, context) {
    await context.change(['zfs', 'destroy', '-r', kw.dev]);
    await mounting.unprovision?.(kw, context);
  },
};

export default driver;

/** The mount point is a property; a dataset that mounts itself at boot would be up on every node. */
async function setProperties(dataset: string, mnt: string, context: ActionContext): Promise<void> {
  const { stdout } = await context.probe(zfsGetArgv(['canmount', 'zoned', 'mountpoint'], dataset));
  const now = parseZfsProperties(stdout);
  if (now.size === 0) return; // a dry run has not made it
  const canMount = now.get('canmount');
  if (canMount !== undefined && canMount !== 'noauto') {
    context.log.warn(`canmount of ${dataset} is ${canMount} instead of noauto`);
  }
  if (now.get('zoned') === 'on') await context.change(['zfs', 'set', 'zoned=off', dataset]);
  if (now.get('mountpoint') !== mnt) {
    await context.change(['zfs', 'set', `mountpoint=${mnt}`, dataset]);
  }
}
