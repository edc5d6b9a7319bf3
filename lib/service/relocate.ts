import { AgentError } from '../errors/agent-error.js';
import type { Peers } from '../host/remote.js';
import { parseStatus } from '../status/values.js';
import type { Store } from '../store/store.js';
import { loggedCommand, type Surroundings } from './context.js';
import { thaw } from './frozen.js';
import { type OperateOptions, operate } from './operate.js';
import { plans } from './plans.js';
import type { Service } from './service.js';

/** What a relocation works with. */
export interface Relocation {
  readonly service: Service;
  readonly around: Surroundings;
  readonly store: Store;
  readonly peers: Peers;
  readonly options: OperateOptions;
}

/** A whole start or stop of a peer is given so long, ms. */
const actionTimeoutMs = 3_600_000;
const statusTimeoutMs = 60_000;

/**
 * Stops the instance here and starts it on another node; all instances are thawed at the end.
 *
 * @throws AgentError for a node that cannot have it, and for whatever fails
 */
export async function switchTo(relocation: Relocation, node: string): Promise<void> {
  const { service, around, store, options } = relocation;
  requireOther(relocation, node);
  // First of all: a node that is away, or does not take it, must not cost the instance here.
  await onPeer(relocation, node, ['thaw']);
  await operate(service, plans.stop, around, store, { ...options, evenFrozen: true });
  await onPeer(relocation, node, ['start']);
  await thawAll(relocation);
}

/** Stops the instances of the peers that are up, and starts the one here. */
export async function takeOver(relocation: Relocation): Promise<void> {
  const { service, around, store, options } = relocation;
  for (const node of others(relocation)) {
    if (await hasInstance(relocation, node)) await onPeer(relocation, node, ['stop']);
  }
  await operate(service, plans.start, around, store, { ...options, evenFrozen: true });
  await thawAll(relocation);
}

/** Brings the instance back to its leader, the first of its nodes, when that answers. */
export async function giveBack(relocation: Relocation): Promise<void> {
  const { service, around, store, options } = relocation;
  const [leader] = service.nodes;
  if (leader === undefined) return;
  await thawAll(relocation);
  if (leader !== around.nodename) await hasInstance(relocation, leader);
  for (const node of others(relocation)) {
    if (node !== leader && (await hasInstance(relocation, node))) {
      await onPeer(relocation, node, ['stop']);
    }
  }
  if (leader === around.nodename) {
    await operate(service, plans.start, around, store, options);
    return;
  }
  await operate(service, plans.stop, around, store, options);
  await onPeer(relocation, leader, ['start']);
}

/** @throws AgentError `E_NODE` for a node that cannot have the instance */
export function requireOther(relocation: Relocation, node: string): void {
  const { scope, nodes } = relocation.service;
  const isHere = node === relocation.around.nodename;
  if (!isHere && nodes.includes(node)) return;
  const why = isHere ? 'is this node' : 'is none of its nodes';
  const names = others(relocation).join(' ');
  throw new AgentError('E_NODE', `${scope}: ${node} ${why}`, {
    exit: 'usage',
    remedy: names === '' ? 'it has no other node: add one to `nodes`' : `choose one of ${names}`,
  });
}

function others({ service, around }: Relocation): string[] {
  return service.nodes.filter((node) => node !== around.nodename);
}

/**
 * Has a peer do something to its instance.
 * @throws AgentError when it does not do it
 */
export async function onPeer(
  { service, around, peers, options }: Relocation,
  node: string,
  words: readonly string[],
): Promise<void> {
  const log = around.logOf(service);
  const argv = peers.argv(node, ['svcmgr', '-s', service.scope, ...words]);
  await loggedCommand(around.run, log, argv, {
    announce: `run svcmgr ${words.join(' ')} on ${node}`,
    streams: true,
    timeoutMs: actionTimeoutMs,
    dryRun: options.dryRun ?? false,
    ...(options.signal && { signal: options.signal }),
  });
}

/** Whether the instance of a peer is anything but down. A peer that does not answer is an error. */
async function hasInstance({ service, peers }: Relocation, node: string): Promise<boolean> {
  const { scope } = service;
  const words = ['svcmgr', '-s', scope, 'print', 'status', '--refresh', '--format', 'json'];
  const result = await peers.run(node, words, { timeoutMs: statusTimeoutMs });
  const avail = result.exitCode === 0 ? parseStatus(availOf(result.stdout)) : undefined;
  if (avail === undefined) {
    const why = result.stderr.trim().split('\n').at(-1) || `exit code ${result.exitCode}`;
    throw new AgentError('E_PEER', `${scope}: ${node} does not tell its status: ${why}`, {
      exit: 'unavailable',
      remedy: `see \`ssh ${node} svcmgr -s ${scope} print status\``,
    });
  }
  return !['down', 'n/a', 'stdby up', 'stdby down'].includes(avail);
}

function availOf(text: string): string {
  try {
    return String((JSON.parse(text) as { avail?: unknown }).avail ?? '');
  } catch {
    return '';
  }
}

/** All instances, whatever their state before; a peer that cannot is told. */
async function thawAll(relocation: Relocation): Promise<void> {
  const { service, around, options } = relocation;
  if (!options.dryRun) thaw(service);
  for (const node of others(relocation)) {
    try {
      await onPeer(relocation, node, ['thaw']);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      around.logOf(service).warn(`${node} was not thawed: ${error.message}`);
    }
  }
}
