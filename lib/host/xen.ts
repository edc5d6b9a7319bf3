import type { Run } from '../exec/run.js';
import { type HostRoot, readHostFile } from './host-file.js';
import { readTool } from './tool.js';

/** True in the control domain of a Xen host, which sees only its own share of the memory. */
export function isXenControlDomain(root: HostRoot = '/'): boolean {
  return readHostFile(root, 'proc/xen/capabilities')?.includes('control_d') ?? false;
}

/** Memory of the whole Xen host in MiB, from `virsh nodeinfo`, else `xm info`. */
export async function readXenMemory(run: Run): Promise<number | undefined> {
  const virsh = await readTool(run, ['virsh', 'nodeinfo'], { timeoutMs: 30_000 });
  const kib = /^Memory size:\s+(\d+) KiB/m.exec(virsh ?? '')?.[1];
  if (kib !== undefined) return Math.floor(Number(kib) / 1024);
  const xm = await readTool(run, ['xm', 'info'], { timeoutMs: 30_000 });
  const mib = /^total_memory\s*:\s*(\d+)/m.exec(xm ?? '')?.[1];
  return mib === undefined ? undefined : Number(mib);
}
