import type { Run } from '../exec/run.js';
import { readTool } from './tool.js';

export interface PciDevice {
  /** `00:1f.2`, with the domain when there are several. */
  readonly slot: string;
  readonly class: string;
  readonly description: string;
  readonly driver: string;
}

/** The PCI devices with the driver that serves them, from `lspci -v`. */
export async function readPciDevices(run: Run): Promise<PciDevice[]> {
  return parseLspci((await readTool(run, ['lspci', '-v'])) ?? '');
}

export function parseLspci(text: string): PciDevice[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const head = /^([0-9a-f:.]+) ([^:]+): (.*)$/m.exec(block);
    if (!head) return [];
    const [, slot = '', kind = '', description = ''] = head;
    return [
      {
        slot,
        class: kind,
        description,
        driver: /^\s+Kernel driver in use: (\S+)/m.exec(block)?.[1] ?? '',
      },
    ];
  });
}
