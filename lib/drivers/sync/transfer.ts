import { dirname } from 'node:path';
import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { showCommand } from '../../exec/run.js';
import { lastSyncFile, recordSync } from './last-sync.js';

/** What goes from here to other nodes. */
export interface Transfer {
  readonly sources: readonly string[];
  readonly destination: string;
  /** Words that rsync gets besides its own. */
  readonly options: readonly string[];
  /** The options above are all. */
  readonly resetOptions: boolean;
  readonly bandwidthKbps: number | undefined;
  /** A file system that must be mounted at the destination. */
  readonly mounted: string | undefined;
}

/** What the original agent gives to rsync(1), extended attributes and access lists where it can. */
const baseOptions = ['-HpogDtrlvx', '--stats', '--delete', '--force', '--timeout=3600'];

/** Long copies take their time; rsync itself gives up after an hour of silence. */
const transferTimeoutMs = 0;
/** Files that vanished while they were copied. */
const vanished = 24;

/**
 * Copies to each node in turn. A node that does not answer, or has not mounted what it should, is
 * told; the others get theirs.
 *
 * @throws AgentError `E_SYNC` after all when one of them failed
 */
export async function transfer(
  { sources, destination, options, resetOptions, bandwidthKbps, mounted }: Transfer,
  nodes: readonly string[],
  context: ActionContext,
): Promise<void> {
  const { peers, log } = context;
  const words = [
    ...(resetOptions ? [] : [...baseOptions, ...(await abilities(context))]),
    ...options,
    ...(bandwidthKbps ? [`--bwlimit=${bandwidthKbps}`] : []),
    ...(options.includes('-e') ? [] : ['-e', showCommand(peers.rsh)]),
  ];
  const failed: string[] = [];
  for (const node of nodes) {
    const problem = await unready(node, mounted, context);
    if (problem !== undefined) {
      log.error(`${node}: ${problem}`);
      failed.push(node);
      continue;
    }
    try {
      const result = await context.change(
        ['rsync', ...words, ...sources, `${node}:${destination}`],
        { timeoutMs: transferTimeoutMs, acceptExitCodes: [0, vanished], shows: 'command' },
      );
      if (result.exitCode === vanished) log.warn(`${node}: files vanished while they were copied`);
    } catch (error) {
      if (!(error instanceof AgentError) || context.signal.aborted) throw error;
      failed.push(node);
      continue;
    }
    if (!context.dryRun) await tell(node, context);
  }
  if (failed.length > 0) {
    throw new AgentError('E_SYNC', `not synchronised: ${failed.join(', ')}`, {
      remedy: 'see the lines above; the next synchronisation tries again',
    });
  }
}

/** Extended attributes and access lists, as far as this rsync was built with them. */
async function abilities(context: ActionContext): Promise<string[]> {
  const { stdout } = await context.once('rsync --version', () =>
    context.probe(['rsync', '--version']),
  );
  const has = (what: RegExp): boolean =>
    what.test(stdout) && !new RegExp(`no ${what.source}`).test(stdout);
  return [...(has(/ACLs/) ? ['-A'] : []), ...(has(/xattrs/) ? ['-X'] : [])];
}

/** Why a node cannot receive now. */
async function unready(
  node: string,
  mounted: string | undefined,
  { peers, probe }: ActionContext,
): Promise<string | undefined> {
  const argv = mounted === undefined ? ['true'] : ['df', '--output=target', mounted];
  const { exitCode, stdout, stderr } = await probe(peers.argv(node, argv), { timeoutMs: 30_000 });
  if (exitCode !== 0) return stderr.trim().split('\n').at(-1) || 'it does not answer';
  if (mounted === undefined) return undefined;
  return stdout.trim().split('\n').at(-1) === mounted
    ? undefined
    : `${mounted} is not mounted there`;
}

/** Notes the time here and there, so that both sides can tell how old the copy is. */
async function tell(node: string, context: ActionContext): Promise<void> {
  recordSync(context, node);
  const { peers, log } = context;
  const file = lastSyncFile(context, node);
  try {
    await context.change(peers.argv(node, ['mkdir', '-p', dirname(file)]), { shows: 'nothing' });
    await context.change(['rsync', '-e', showCommand(peers.rsh), file, `${node}:${file}`], {
      shows: 'nothing',
      timeoutMs: 60_000,
    });
  } catch (error) {
    if (!(error instanceof AgentError) || context.signal.aborted) throw error;
    log.warn(`${node} was not told the time of its copy`);
  }
}
