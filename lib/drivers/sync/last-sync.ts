import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Note, ReadContext, StatusReport } from '../../driver/contract.js';
import { errnoOf } from '../../errors/agent-error.js';

/** When a node was last synchronised by a resource: a file that goes to that node as well. */
export function lastSyncFile({ paths, service, rid }: ReadContext, node: string): string {
  return `${paths.var}/sync/${node}/${service.path.name}!${rid}`;
}

export function recordSync(context: ReadContext, node: string): void {
  const file = lastSyncFile(context, node);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${new Date(context.clock.now()).toISOString()}\n`);
}

/** UTC ms; undefined: never. */
function readSync(context: ReadContext, node: string): number | undefined {
  try {
    const at = Date.parse(readFileSync(lastSyncFile(context, node), 'utf8').trim());
    return Number.isNaN(at) ? undefined : at;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the copies are recent enough, seen from the sending and from the receiving side. */
export async function statusOfCopies(
  nodes: readonly string[],
  maxDelayMs: number,
  context: ReadContext,
): Promise<StatusReport> {
  const info = (text: string): StatusReport => ({
    status: 'n/a',
    notes: [{ level: 'info', text }],
  });
  const { service, nodename } = context;
  const everywhere = [...service.nodes, ...service.drpnodes];
  const isLate = (node: string): boolean => {
    const at = readSync(context, node);
    return at === undefined || context.clock.now() - at > maxDelayMs;
  };
  if (everywhere.every((node) => node === nodename)) return info('no destination node');
  const avail = await context.partialAvail(['sync', 'hb', 'app']);
  if (avail !== 'up' && avail !== 'n/a') {
    if (!nodes.includes(nodename)) return info('this node is no target');
    if (!isLate(nodename)) return { status: 'up' };
    const note: Note = { level: 'warn', text: 'this node was not synchronised in time' };
    return { status: 'warn', notes: [note] };
  }
  if (service.drpnodes.includes(nodename))
    return info('a node for disaster recovery sends nothing');
  const late = nodes.filter((node) => node !== nodename && isLate(node));
  if (late.length === 0) return { status: 'up' };
  return { status: 'down', notes: [{ level: 'warn', text: `outdated: ${late.join(', ')}` }] };
}
