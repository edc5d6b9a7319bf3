import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { isMissingCommand } from '../../exec/run.js';
import { realDevice } from '../../host/block-device.js';
import { type Holder, holdersArgv, isOfGroup, parseHolders } from '../../host/holders.js';
import { mapperPath } from '../../host/lvm.js';

export interface HolderOptions {
  /** What LVM stacks in this volume group is no leftover: it goes with the volumes. */
  readonly group?: string;
  /** What happens to a holder that another resource has. */
  readonly owned: 'refuse' | 'leave';
}

/**
 * Removes what device-mapper has left on some devices: partitions of kpartx(8), an encrypted device,
 * volumes of another group. A removal that fails is told, and left to whoever needs the devices.
 *
 * @throws AgentError `E_BUSY` for one that belongs to another resource of the service
 */
export async function removeHolders(
  devices: readonly string[],
  { group, owned }: HolderOptions,
  context: ActionContext,
): Promise<void> {
  if (devices.length === 0) return;
  const holders = (await holdersOf(devices, context))
    .filter(({ name }) => name.startsWith(mapper))
    .filter((holder) => group === undefined || !isOfGroup(holder, group));
  for (const holder of holders) {
    const owner = await ownerOf(holder, context);
    if (owner !== undefined && owned === 'leave') continue;
    if (owner !== undefined) {
      throw new AgentError('E_BUSY', `${holder.name} stands on it and belongs to ${owner}`, {
        remedy: `stop ${owner} first`,
      });
    }
    await context.change(['dmsetup', 'remove', holder.name.slice(mapper.length)], {
      acceptExitCodes: [0, 1],
    });
  }
}

const mapper = '/dev/mapper/';

async function holdersOf(
  devices: readonly string[],
  { probe }: ActionContext,
): Promise<readonly Holder[]> {
  try {
    // A device that vanishes meanwhile costs its own line, and an exit code.
    return parseHolders((await probe(holdersArgv(devices))).stdout);
  } catch (error) {
    // A stop does what it can: whoever needs the devices says what holds them.
    if (isMissingCommand(error)) return [];
    throw error;
  }
}

/** The resource that makes a device, or uses it. */
async function ownerOf({ name }: Holder, { siblings }: ActionContext): Promise<string | undefined> {
  for (const sibling of siblings) {
    if (sibling.disabled) continue;
    const { exposed } = await sibling.devices();
    const used = sibling.values?.['dev'];
    const devices = typeof used === 'string' ? [...exposed, used] : exposed;
    if (devices.some((device) => isSame(device, name))) return sibling.rid;
  }
  return undefined;
}

function isSame(device: string, name: string): boolean {
  const [, group, volume] = /^\/dev\/([^/]+)\/([^/]+)$/.exec(device) ?? [];
  const mapped = group && volume && group !== 'mapper' ? mapperPath(group, volume) : device;
  return mapped === name || realDevice(device) === realDevice(name);
}
