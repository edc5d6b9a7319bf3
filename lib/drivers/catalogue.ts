import type { Driver } from '../driver/contract.js';

/** Every driver by id. Naming one loads nothing. */
export const drivers: Readonly<Record<string, () => Promise<{ default: Driver<never> }>>> = {
  'disk.disk': () => import('./disk/disk.js'),
  'disk.drbd': () => import('./disk/drbd.js'),
  'disk.loop': () => import('./disk/loop.js'),
  'disk.lv': () => import('./disk/lv.js'),
  'disk.md': () => import('./disk/md.js'),
  'disk.raw': () => import('./disk/raw.js'),
  'disk.vg': () => import('./disk/vg.js'),
  'disk.zpool': () => import('./disk/zpool.js'),
  'fs.bind': () => import('./fs/bind.js'),
  'fs.btrfs': () => import('./fs/btrfs.js'),
  'fs.directory': () => import('./fs/directory.js'),
  'fs.ext2': () => import('./fs/ext2.js'),
  'fs.ext3': () => import('./fs/ext3.js'),
  'fs.ext4': () => import('./fs/ext4.js'),
  'fs.flag': () => import('./fs/flag.js'),
  'fs.nfs': () => import('./fs/nfs.js'),
  'fs.nfs4': () => import('./fs/nfs4.js'),
  'fs.tmpfs': () => import('./fs/tmpfs.js'),
  'fs.xfs': () => import('./fs/xfs.js'),
  'fs.zfs': () => import('./fs/zfs.js'),
  'share.nfs': () => import('./share/nfs.js'),
  'task.host': () => import('./task/host.js'),
};
