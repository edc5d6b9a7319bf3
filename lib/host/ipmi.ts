import type { Run } from '../exec/run.js';
import { readTool } from './tool.js';

/** The firmware revision of the service processor, from `ipmitool mc info`. */
export async function readServiceProcessorVersion(run: Run): Promise<string | undefined> {
  const text = await readTool(run, ['ipmitool', 'mc', 'info'], { timeoutMs: 30_000 });
  return text === undefined ? undefined : parseMcInfo(text);
}

export function parseMcInfo(text: string): string | undefined {
  return /^Firmware Revision\s*:\s*(\S+)/m.exec(text)?.[1];
}
