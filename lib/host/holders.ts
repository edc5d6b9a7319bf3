import { AgentError } from '../errors/agent-error.js';
import { mapperPath } from './lvm.js';

/** A device that stands on another one. */
export interface Holder {
  /** `/dev/mapper/vg1-lv1p1`. */
  readonly name: string;
  /** As lsblk(8) calls it: `part` of kpartx(8), `crypt`, `lvm`, `raid1`… */
  readonly type: string;
}

/** What stands on some block devices, for `parseHolders`. */
export function holdersArgv(devices: readonly string[]): string[] {
  return ['lsblk', '-J', '-p', '-o', 'NAME,TYPE', ...devices];
}

interface Row extends Partial<Holder> {
  readonly children?: readonly Row[];
}

/**
 * The holders of the devices that were asked about, each once, those on top first.
 * @throws AgentError `E_OUTPUT`
 */
export function parseHolders(text: string): Holder[] {
  const found = new Map<string, Holder>();
  const visit = ({ children = [] }: Row): void => {
    for (const child of children) {
      visit(child);
      const { name, type = '' } = child;
      if (name !== undefined && !found.has(name)) found.set(name, { name, type });
    }
  };
  for (const row of rowsOf(text)) visit(row);
  return [...found.values()];
}

function rowsOf(text: string): readonly Row[] {
  if (text.trim() === '') return [];
  try {
    return (JSON.parse(text) as { blockdevices?: readonly Row[] }).blockdevices ?? [];
  } catch (cause) {
    throw new AgentError('E_OUTPUT', 'lsblk printed something unexpected', {
      remedy: 'run `lsblk -J` by hand and report what it prints',
      cause,
    });
  }
}

/** What LVM itself stacks in a volume group: the parts of snapshots, pools and mirrors. */
export function isOfGroup({ name, type }: Holder, group: string): boolean {
  return type === 'lvm' && name.startsWith(`${mapperPath(group, '')}`);
}
