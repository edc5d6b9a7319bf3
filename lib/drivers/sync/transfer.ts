import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { showCommand } from '../../exec/run.js';
import { copyToEach } from './each-node.js';

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
  /** What the operator sees of it; default the command. Without it the log has that for debugging. */
  readonly announce?: string;
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
  { sources, destination, options, resetOptions, bandwidthKbps, mounted, announce }: Transfer,
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
  const { failure } = await copyToEach(nodes, context, async (node) => {
    const problem = await unready(node, mounted, context);
    if (problem !== undefined) throw new AgentError('E_PEER', problem, { exit: 'unavailable' });
    const isShown = announce === undefined || context.dryRun;
    if (!isShown) log.info(`${announce} to ${node}`);
    const result = await context.change(['rsync', ...words, ...sources, `${node}:${destination}`], {
      timeoutMs: transferTimeoutMs,
      acceptExitCodes: [0, vanished],
      shows: isShown ? 'command' : 'nothing',
    });
    if (result.exitCode === vanished) log.warn(`${node}: files vanished while they were copied`);
  });
  if (failure) throw failure;
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
