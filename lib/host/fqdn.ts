import type { Run } from '../exec/run.js';
import { readTool } from './tool.js';

/**
 * The canonical name of this host in lower case, from `hostname -f`; the resolver behind it may be
 * slow, so it has ten seconds. Falls back on the given name.
 */
export async function readFqdn(run: Run, nodename: string): Promise<string> {
  const text = await readTool(run, ['hostname', '-f'], { timeoutMs: 10_000 });
  const name = text?.trim().toLowerCase();
  return name && /^[a-z0-9._-]+$/.test(name) && name !== 'localhost' ? name : nodename;
}
