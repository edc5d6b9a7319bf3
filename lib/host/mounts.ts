import { type MountInfo, parseMountinfo } from '../exec/mountinfo.js';
import { type HostRoot, readHostFile } from './host-file.js';

/** One mounted file system. */
export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
  /** `major:minor`: two mounts of one file system share it. */
  readonly deviceNumber: string;
  /** The directory of the file system that is visible here: not `/` for binds and subvolumes. */
  readonly root: string;
}

/** The mount table of this process, from `mountinfo`: no file system is touched. */
export function readMounts(root: HostRoot = '/'): Mount[] {
  return parseMountinfo(readHostFile(root, 'proc/self/mountinfo') ?? '').map(toMount);
}

function toMount(info: MountInfo): Mount {
  return {
    device: info.source,
    mountPoint: info.mountPoint,
    type: info.type,
    options: [...new Set([...info.options, ...info.superOptions])],
    deviceNumber: info.device,
    root: info.root,
  };
}

/** File systems of the kernel, without blocks of their own. */
const pseudoTypes = new Set([
  'autofs',
  'binfmt_misc',
  'bpf',
  'cgroup',
  'cgroup2',
  'configfs',
  'debugfs',
  'devpts',
  'efivarfs',
  'fuse.gvfsd-fuse',
  'fuse.lxcfs',
  'fuse.portal',
  'fusectl',
  'hugetlbfs',
  'mqueue',
  'nsfs',
  'proc',
  'pstore',
  'ramfs',
  'rpc_pipefs',
  'securityfs',
  'selinuxfs',
  'sysfs',
  'tracefs',
]);

/** Types served by another host: `df -l` leaves them out. */
const remoteTypes =
  /^(nfs4?|cifs|smb3?|smbfs|afs|ceph|glusterfs|lustre|gpfs|coda|ncpfs|9p|acfs|auristorfs|fhgfs|beegfs|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone))$/;

export function isRemote({ type, device }: Mount): boolean {
  return remoteTypes.test(type) || device.startsWith('//') || /^[^/]+:\//.test(device);
}

/**
 * True for the file systems whose use is worth a check: local, with blocks of their own, not part of
 * a container engine, a snapshot of ours, or removable media.
 */
export function isChecked(mount: Mount): boolean {
  const { device, mountPoint, type } = mount;
  if (pseudoTypes.has(type) || type === 'overlay' || type === 'aufs' || isRemote(mount))
    return false;
  if (device === 'overlay' || device === 'aufs') return false;
  if (device.startsWith('/') && !device.startsWith('/dev')) return false;
  if (device.includes('osvc_sync_')) return false;
  if (/^\/(Volumes|media|run|sys|snap)(\/|$)/.test(mountPoint) || mountPoint.endsWith('/shm')) {
    return false;
  }
  return !/\/(graph|overlay2|aufs\/mnt|snapd)\//.test(mountPoint);
}

/**
 * One mount per file system: of those mounted at one place the last, which hides the others; of one
 * mounted at several places the shortest path, as df(1) has it.
 */
export function distinctMounts(mounts: readonly Mount[]): Mount[] {
  const byPoint = new Map(mounts.map((mount) => [mount.mountPoint, mount]));
  const byDevice = new Map<string, Mount>();
  for (const mount of byPoint.values()) {
    const known = byDevice.get(mount.deviceNumber);
    if (!known || mount.mountPoint.length < known.mountPoint.length) {
      byDevice.set(mount.deviceNumber, mount);
    }
  }
  return [...byPoint.values()].filter((mount) => byDevice.get(mount.deviceNumber) === mount);
}
