import { setTimeout as delay } from 'node:timers/promises';
import type { ActionContext, ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { CommandError, isMissingCommand } from '../../exec/run.js';
import {
  type Arping,
  announceArgv,
  announceCodes,
  findArping,
  findHolder,
} from '../../host/arping.js';
import { type Link, type LinkAddress, readLinks } from '../../host/ip-links.js';
import { answersPing } from '../../host/ping.js';
import { locate, type Target } from './address.js';

const arpingOf = (context: ReadContext): Promise<Arping | undefined> =>
  context.once('arping', () => findArping(context.probe));

/**
 * Who else has an address, as a sentence: somebody who answers a ping, or, also behind a firewall,
 * an ARP probe. For ipv6 the kernel itself looks, after the address was added.
 */
export async function findConflict(
  { address, family }: Target,
  link: Link,
  context: ReadContext,
): Promise<string | undefined> {
  context.log.info(`checking ${address} availability`);
  const [answers, holder] = await Promise.all([
    context.tags.includes('nonrouted') ? false : answersPing(context.probe, address, 5),
    family === 'inet' && link.speaksArp ? findNeighbour(address, link, context) : undefined,
  ]);
  if (answers === undefined) context.log.warn(`${address} was not pinged: ping is not available`);
  if (holder !== undefined) return `${address} is in use by the host with address ${holder}`;
  return answers ? `${address} is in use: it answers a ping` : undefined;
}

async function findNeighbour(
  address: string,
  link: Link,
  context: ReadContext,
): Promise<string | undefined> {
  const arping = await arpingOf(context);
  if (!arping) {
    context.log.warn(`${address} was not looked for among the neighbours: arping is not installed`);
    return undefined;
  }
  return findHolder(context.probe, arping, link.name, address);
}

/** Tells the neighbours on ipv4; what cannot be told is a warning. */
export async function announce(
  { address, family }: Target,
  device: Pick<Link, 'name' | 'speaksArp'>,
  form: 'request' | 'reply',
  context: ActionContext,
  { again = false }: { again?: boolean } = {},
): Promise<void> {
  if (family !== 'inet' || !device.speaksArp) return;
  const arping = await arpingOf(context);
  if (!arping) {
    if (form === 'request') {
      context.log.warn(`the neighbours were not told of ${address}: arping is not installed`);
    }
    return;
  }
  try {
    await context.change(announceArgv(arping, device.name, address, form), {
      acceptExitCodes: announceCodes[arping],
      timeoutMs: 10_000,
      // That nobody answered is as it should be, and one line is enough for people.
      shows: again ? 'nothing' : 'command',
    });
  } catch (error) {
    if (!(error instanceof AgentError) || context.signal.aborted) throw error;
    const says = error instanceof CommandError ? error.result.stderr.trim() : '';
    const why = says === '' ? error.message : says;
    context.log.warn(`the neighbours were not told of ${address}: ${why}`);
  }
}

/**
 * Has the kernel tell the neighbours of the ipv6 addresses that `work` adds to a device: it does so
 * itself when `ndisc_notify` is set, as soon as it has found no duplicate.
 */
export async function announcingToNeighbours(
  { family }: Target,
  device: string,
  context: ActionContext,
  work: () => Promise<void>,
): Promise<void> {
  if (family !== 'inet6') return work();
  const key = `net/ipv6/conf/${device}/ndisc_notify`;
  // In a plan the device may be one that an earlier step makes.
  const before = (await readSetting(key, context)) ?? (context.dryRun ? '0' : undefined);
  if (before === undefined) {
    context.log.warn(`the neighbours are not told by ${device}: ${key} cannot be read`);
  }
  if (before !== '0') return work();
  await context.change(['sysctl', '-q', '-w', `${key}=1`]);
  try {
    await work();
  } finally {
    await context.change(['sysctl', '-q', '-w', `${key}=0`]);
  }
}

async function readSetting(key: string, context: ReadContext): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await context.probe(['sysctl', '-n', key], { timeoutMs: 5000 });
    return exitCode === 0 ? stdout.trim() : undefined;
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}

/** The kernel looks for a duplicate about a second long. */
const duplicateMs = 10_000;

/**
 * Waits until the kernel has looked for a duplicate of an ipv6 address.
 * @returns the address as it is now; undefined when it is gone
 */
export async function settled(
  target: Target,
  context: ActionContext,
): Promise<LinkAddress | undefined> {
  const until = context.clock.monotonic() + duplicateMs;
  for (;;) {
    const entry = locate(await readLinks(context.probe), target)?.entry;
    if (!entry?.isTentative || entry.isDuplicate || context.clock.monotonic() >= until) {
      return entry;
    }
    await delay(100, undefined, { signal: context.signal });
  }
}

/**
 * Waits until an address answers, or is silent; asks once a second.
 * @returns false when it does not within so many tries
 */
export async function waitForAnswer(
  { address }: Pick<Target, 'address'>,
  wanted: boolean,
  tries: number,
  context: ActionContext,
): Promise<boolean> {
  for (let n = 1; ; n++) {
    const next = context.clock.monotonic() + 1000;
    const answers = await answersPing(context.probe, address, 1);
    if (answers === undefined || answers === wanted) return true;
    if (n === tries) return false;
    const restMs = Math.max(0, next - context.clock.monotonic());
    await delay(restMs, undefined, { signal: context.signal });
  }
}
