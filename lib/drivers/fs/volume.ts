import type { ActionContext, ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import type { SizeShare } from '../../units/size.js';
import { createVolume, removeVolume } from '../disk/logical-volume.js';

/** Keywords of a file system that brings its logical volume along. */
export interface VolumeKeywords {
  readonly dev: string;
  readonly vg?: string | undefined;
  readonly size?: number | SizeShare | undefined;
}

/** Makes the logical volume under a file system, when one is wanted and missing. */
export async function provisionVolume(kw: VolumeKeywords, context: ActionContext): Promise<void> {
  const { dev, vg, size } = kw;
  if (!vg || (await exists(dev, context))) return;
  const name = volumeName(vg, dev);
  if (size === undefined || name === undefined) {
    throw new AgentError('E_CONFIG', `dev, size: ${dev} cannot be made in vg ${vg}`, {
      exit: 'config',
      remedy: `set \`size\`, and \`dev = /dev/${vg}/<name>\``,
    });
  }
  await createVolume({ group: vg, name, size, options: [] }, context);
}

/** Removes that volume with the data. */
export async function unprovisionVolume(kw: VolumeKeywords, context: ActionContext): Promise<void> {
  if (kw.vg && (await exists(kw.dev, context))) await removeVolume(kw.dev, context);
}

async function exists(dev: string, context: ReadContext): Promise<boolean> {
  return (await context.probe(['lvdisplay', dev])).exitCode === 0;
}

/** `/dev/<vg>/<name>`, or `/dev/mapper/<vg>-<name>` where dashes inside a name are doubled. */
export function volumeName(vg: string, dev: string): string | undefined {
  const plain = `/dev/${vg}/`;
  const mapped = `/dev/mapper/${vg.replaceAll('-', '--')}-`;
  const name = dev.startsWith(plain)
    ? dev.slice(plain.length)
    : dev.startsWith(mapped)
      ? dev.slice(mapped.length).replaceAll('--', '-')
      : '';
  return name || undefined;
}
