import { mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ActionContext, LabelFacts } from '../../driver/contract.js';
import { writeFileAtomic } from '../../env/atomic-file.js';
import { errnoOf } from '../../errors/agent-error.js';

/**
 * Where the devices that a disk is made of are told to the other nodes: one path a line. They cannot
 * ask the disk itself while it is not up there.
 */
export function memberListFile({ service, rid }: LabelFacts): string {
  return join(service.directory, 'members', rid.replace('#', '.'));
}

/** Writes the list where it is another one; nothing is known is no list. */
export async function writeMembers(
  devices: readonly string[],
  context: ActionContext,
): Promise<void> {
  if (devices.length === 0) return;
  const text = `${[...new Set(devices.map(lastingName))].sort().join('\n')}\n`;
  const file = memberListFile(context);
  if (readText(file) === text) return;
  await context.act(`write ${file}`, () => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileAtomic(file, text);
  });
}

/** The devices that a node with the disk has told of; empty: none has. */
export function readMembers(facts: LabelFacts): string[] {
  return readText(memberListFile(facts))?.split('\n').filter(Boolean) ?? [];
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const names = '/dev/disk/by-id';

/** What a device is called on every node that sees it; `/dev/sdb` is another one elsewhere. */
function lastingName(device: string): string {
  try {
    const [own] = readdirSync(names)
      .filter((name) => /^(wwn|nvme-eui|dm-uuid-mpath|scsi-3)/.test(name))
      .filter((name) => isLinkTo(name, device))
      .sort();
    return own === undefined ? device : join(names, own);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return device; // a host without udev
  }
}

function isLinkTo(name: string, device: string): boolean {
  return realpathSync(join(names, name)) === realpathSync(device);
}
