import type { Run } from '../exec/run.js';
import { type HostRoot, readHostFile } from './host-file.js';
import { readMeminfo } from './meminfo.js';
import { readTool } from './tool.js';

/**
 * The memory of the machine in MiB: the control domain of a Xen host sees only its own share, so the
 * whole is asked for.
 */
export async function readMemoryMib(run: Run, root: HostRoot = '/'): Promise<number | undefined> {
  const isControlDomain = readHostFile(root, 'proc/xen/capabilities')?.includes('control_d');
  const whole = isControlDomain ? await readXenMemory(run) : undefined;
  const own = readMeminfo(root)['MemTotal'];
  return whole ?? (own === undefined ? undefined : Math.floor(own / (1 << 20)));
}

/** `virsh nodeinfo`, else `xm info`. */
async function readXenMemory(run: Run): Promise<number | undefined> {
  const virsh = await readTool(run, ['virsh', 'nodeinfo'], { timeoutMs: 30_000 });
  const kib = /^Memory size:\s+(\d+) KiB/m.exec(virsh ?? '')?.[1];
  if (kib !== undefined) return Math.floor(Number(kib) / 1024);
  const xm = await readTool(run, ['xm', 'info'], { timeoutMs: 30_000 });
  const mib = /^total_memory\s*:\s*(\d+)/m.exec(xm ?? '')?.[1];
  return mib === undefined ? undefined : Number(mib);
}
