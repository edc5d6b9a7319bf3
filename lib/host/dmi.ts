import type { Run } from '../exec/run.js';
import { type HostRoot, readHostValue } from './host-file.js';
import { readTool } from './tool.js';

/** One structure of dmidecode(8). */
export interface DmiBlock {
  readonly title: string;
  readonly values: ReadonlyMap<string, string>;
}

/** What the firmware says about the hardware; undefined is "does not say". */
export interface Dmi {
  readonly serial: string | undefined;
  readonly model: string | undefined;
  readonly manufacturer: string | undefined;
  readonly biosVersion: string | undefined;
  readonly enclosure: string | undefined;
  /** Memory slots with a module in them. */
  readonly memoryBanks: number | undefined;
  readonly memorySlots: number | undefined;
  readonly processors: number | undefined;
  /** One per module, as `dmidecode -t memory` tells them. */
  readonly memory: readonly MemoryModule[];
}

export interface MemoryModule {
  readonly locator: string;
  readonly size: string;
  readonly type: string;
  readonly manufacturer: string;
  readonly partNumber: string;
}

/** Reads dmidecode, which needs root, else the part of it that sysfs shows. */
export async function readDmi(run: Run, root: HostRoot = '/'): Promise<Dmi> {
  const text = root === '/' ? await readTool(run, ['dmidecode']) : undefined;
  const blocks = parseDmidecode(text ?? '');
  return blocks.length > 0 ? describeDmi(blocks) : readSysfsDmi(root);
}

export function parseDmidecode(text: string): DmiBlock[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const lines = block.split('\n');
    const handle = lines.findIndex((line) => line.startsWith('Handle '));
    const title = lines[handle + 1];
    if (handle < 0 || title === undefined) return [];
    const values = new Map<string, string>();
    for (const line of lines.slice(handle + 2)) {
      const match = /^\t([^\t:][^:]*):\s*(.*)$/.exec(line);
      if (match?.[1] !== undefined && !values.has(match[1])) {
        values.set(match[1], (match[2] ?? '').trim());
      }
    }
    return [{ title: title.trim(), values }];
  });
}

export function describeDmi(blocks: readonly DmiBlock[]): Dmi {
  const all = (title: string) => blocks.filter((block) => block.title === title);
  const value = (title: string, name: string) =>
    said(
      all(title)
        .map(({ values }) => values.get(name))
        .find((text) => text !== undefined),
    );
  const devices = all('Memory Device');
  const arrays = all('Physical Memory Array');
  const filled = devices.filter(({ values }) => /^\d/.test(values.get('Size') ?? ''));
  const slots = arrays
    .map(({ values }) => Number(values.get('Number Of Devices')))
    .filter((count) => Number.isInteger(count));
  return {
    serial:
      value('System Information', 'Serial Number') ?? value('Chassis Information', 'Serial Number'),
    model: value('System Information', 'Product Name'),
    manufacturer: value('System Information', 'Manufacturer'),
    biosVersion: biosVersion(
      value('BIOS Information', 'Version'),
      value('BIOS Information', 'BIOS Revision'),
    ),
    enclosure: said(
      blocks.map(({ values }) => values.get('Enclosure Name')).find((name) => name !== undefined),
    ),
    memoryBanks: devices.length > 0 ? filled.length : undefined,
    memorySlots: slots.length > 0 ? slots.reduce((sum, count) => sum + count, 0) : undefined,
    processors: all('Processor Information').length || undefined,
    memory: filled.map(({ values }) => ({
      locator: values.get('Locator') ?? '',
      size: values.get('Size') ?? '',
      type: values.get('Type') ?? '',
      manufacturer: values.get('Manufacturer') ?? '',
      partNumber: values.get('Part Number') ?? '',
    })),
  };
}

function readSysfsDmi(root: HostRoot): Dmi {
  const value = (name: string) => said(readHostValue(root, `sys/class/dmi/id/${name}`));
  return {
    serial: value('product_serial') ?? value('chassis_serial'),
    model: value('product_name'),
    manufacturer: value('sys_vendor'),
    biosVersion: biosVersion(value('bios_version'), value('bios_release')),
    enclosure: undefined,
    memoryBanks: undefined,
    memorySlots: undefined,
    processors: undefined,
    memory: [],
  };
}

/** Firmware fills what it does not know with words. */
function said(text: string | undefined): string | undefined {
  if (!text || /^(unknown|not specified|none|0+)$/i.test(text)) return undefined;
  return text;
}

function biosVersion(version: string | undefined, revision: string | undefined) {
  if (version === undefined || revision === undefined) return version ?? revision;
  return version.startsWith(revision) ? version : `${version} ${revision}`;
}
