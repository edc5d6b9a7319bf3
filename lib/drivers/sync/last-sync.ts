import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ActionContext, Note, ReadContext, StatusReport } from '../../driver/contract.js';
import { AgentError, errnoOf } from '../../errors/agent-error.js';
import { showCommand } from '../../exec/run.js';
import { destinations } from './gates.js';
import type { CopyKeywords } from './keywords.js';

/** When a node was last synchronised by a resource: a file that goes to that node as well. */
function lastSyncFile({ paths, service, rid }: ReadContext, node: string): string {
  return `${paths.var}/sync/${node}/${service.path.name}!${rid}`;
}

function recordSync(context: ReadContext, node: string): void {
  const file = lastSyncFile(context, node);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${new Date(context.clock.now()).toISOString()}\n`);
}

/** Notes the time here and there, so that both sides can tell how old the copy is. */
export async function tellNode(node: string, context: ActionContext): Promise<void> {
  context.synced(node);
  if (context.dryRun) return;
  recordSync(context, node);
  const { peers, log } = context;
  const file = lastSyncFile(context, node);
  try {
    // -R makes the directory there.
    await context.change(['rsync', '-R', '-e', showCommand(peers.rsh), file, `${node}:/`], {
      shows: 'nothing',
      timeoutMs: 60_000,
    });
  } catch (error) {
    if (!(error instanceof AgentError) || context.signal.aborted) throw error;
    log.warn(`${node} was not told the time of its copy`);
  }
}

/** UTC ms; undefined: never. */
export function lastSync(context: ReadContext, node: string): number | undefined {
  try {
    const at = Date.parse(readFileSync(lastSyncFile(context, node), 'utf8').trim());
    return Number.isNaN(at) ? undefined : at;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The status of copies to the nodes of a target.
 * @param late as of `statusOfCopies`
 */
export function statusOfTarget(
  { target, sync_max_delay }: CopyKeywords,
  context: ReadContext,
  late: 'down' | 'warn' = 'warn',
): Promise<StatusReport> {
  // This node may be one of those that receive.
  const nodes = destinations(target, { ...context, nodename: '' });
  return statusOfCopies(nodes, sync_max_delay, context, late);
}

/**
 * Whether the copies are recent enough, seen from the sending and from the receiving side.
 * @param late the status of a sender whose copies are not
 */
export async function statusOfCopies(
  nodes: readonly string[],
  maxDelayMs: number,
  context: ReadContext,
  late: 'down' | 'warn' = 'down',
): Promise<StatusReport> {
  const info = (text: string): StatusReport => ({
    status: 'n/a',
    notes: [{ level: 'info', text }],
  });
  const { service, nodename } = context;
  const everywhere = [...service.nodes, ...service.drpnodes];
  const isLate = (node: string): boolean => {
    const at = lastSync(context, node);
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
  const outdated = nodes.filter((node) => node !== nodename && isLate(node));
  if (outdated.length === 0) return { status: 'up' };
  return { status: late, notes: [{ level: 'warn', text: `outdated: ${outdated.join(', ')}` }] };
}
