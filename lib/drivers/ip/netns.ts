/** ip.netns: an address inside a network namespace, that of a container or one with a name. */
import { type ActionContext, defineDriver, type Note } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { type Link, readLinks } from '../../host/ip-links.js';
import { prefixLengthOf } from '../../units/netmask.js';
import {
  findTarget,
  forgetTarget,
  locate,
  prefixLengthFor,
  rememberedTarget,
  rememberTarget,
  requireTarget,
  type Target,
} from './address.js';
import {
  announce,
  announcingToNeighbours,
  findConflict,
  settled,
  waitForAnswer,
} from './announce.js';
import { type Connection, connect, disconnect, modeOf, planConnection } from './connect.js';
import {
  containerOf,
  findNamespace,
  inside,
  type Namespace,
  plannedNamespace,
} from './namespace.js';
import { type NetnsKeywords, netnsKeywords } from './netns-keywords.js';

const labelOf = (kw: NetnsKeywords): string =>
  [kw.ipname ?? 'undefined', kw.ipdev, containerOf(kw) ?? kw.netns].join('@');

const warning = (text: string): Note => ({ level: 'warn', text });

export default defineDriver<NetnsKeywords>({
  id: 'ip.netns',
  describe: 'An address inside a network namespace, that of a container or one with a name.',
  keywords: netnsKeywords,
  label: labelOf,
  follows: containerOf,

  async status(kw, context) {
    if (kw.ipname === undefined) return { status: 'n/a', notes: [warning('ipname is not set')] };
    const namespace = await findNamespace(kw, context);
    if (!namespace) return { status: 'down' };
    const target = await findTarget(kw, context);
    if (!target) {
      return { status: 'undef', notes: [warning(`${kw.ipname} resolves to no address`)] };
    }
    const within = inside(context, namespace);
    const links = await context.once(`ip links of ${namespace.path}`, () =>
      readLinks(within.probe),
    );
    const place = locate(links, target);
    if (!place) return { status: 'down' };
    return { status: 'up', notes: place.link.isUp ? [] : [warning(`${place.link.name} is down`)] };
  },

  async conflict(kw, context) {
    const target = await findTarget(kw, context);
    if (!target) return undefined;
    // What is wrong with the namespace is said by the start of this resource, not of all.
    const namespace = await findNamespace(kw, context).catch(noNamespace);
    if (namespace) {
      const links = await readLinks(inside(context, namespace).probe);
      if (locate(links, target)) return undefined;
    }
    const device = (await readLinks(context.probe)).find(({ name }) => name === kw.ipdev);
    return device?.isUp ? findConflict(target, device, context) : undefined;
  },

  async start(kw, context) {
    if (kw.ipname === undefined) {
      context.log.warn('ipname is not set: there is nothing to start');
      return;
    }
    const target = await requireTarget(kw, context);
    const namespace = await requireNamespace(kw, context);
    const isPlanned = namespace === plannedNamespace;
    const inner = isPlanned ? [] : await readLinks(inside(context, namespace).probe);
    if (locate(inner, target)) {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    const outer = await readLinks(context.probe);
    const { connection, isThere } = await requireConnection(kw, namespace, inner, outer, context);
    if (!isThere) await connect(connection, namespace, kw, context);
    await configure(kw, target, connection, namespace, context);
    await answerToHost(target, connection, context);
  },

  async stop(kw, context) {
    const namespace = kw.ipname === undefined ? undefined : await findNamespace(kw, context);
    const links = namespace ? await readLinks(inside(context, namespace).probe) : [];
    const targets = [await findTarget(kw, context), rememberedTarget(context)];
    const place = targets.map((target) => target && locate(links, target)).find(Boolean);
    if (!namespace || !place) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    const { link, entry } = place;
    const within = inside(context, namespace);
    const cidr = `${entry.address}/${entry.prefixLength}`;
    await within.change(['ip', 'addr', 'del', cidr, 'dev', link.name]);
    if (!context.dryRun) forgetTarget(context);
    const device = (await readLinks(context.probe)).find(({ name }) => name === kw.ipdev);
    if (modeOf(kw, device, context.tags) === 'dedicated') return;
    // The interface of a container engine, or one with another address, is not ours to delete.
    if (link.addresses.some((other) => other !== entry && other.scope === 'global')) return;
    await within.change(['ip', 'link', 'del', 'dev', link.name]);
  },
});

function noNamespace(error: unknown): undefined {
  if (!(error instanceof AgentError)) throw error;
}

async function requireNamespace(kw: NetnsKeywords, context: ActionContext): Promise<Namespace> {
  const namespace = await findNamespace(kw, context);
  if (namespace) return namespace;
  const rid = containerOf(kw);
  if (rid !== undefined && context.dryRun) return plannedNamespace;
  throw new AgentError('E_NO_NAMESPACE', `${rid ?? kw.netns} has no network namespace`, {
    remedy: rid === undefined ? `create it: ip netns add ${kw.netns}` : `start ${rid}`,
  });
}

/** @throws AgentError `E_NO_DEVICE` */
async function requireConnection(
  kw: NetnsKeywords,
  namespace: Namespace,
  inner: readonly Link[],
  outer: readonly Link[],
  context: ActionContext,
): Promise<{ connection: Connection; isThere: boolean }> {
  const parent = outer.find(({ name }) => name === kw.ipdev);
  const mode = modeOf(kw, parent, context.tags);
  if (mode === 'dedicated') {
    // It was moved by an earlier start.
    const moved = inner.find(({ name }) => name === (kw.nsdev ?? kw.ipdev));
    if (moved && !parent) {
      return { connection: planConnection(mode, moved, moved.name, namespace), isThere: true };
    }
  }
  if (!parent) {
    throw new AgentError('E_NO_DEVICE', `there is no interface ${kw.ipdev}`, {
      remedy: 'correct `ipdev`, or create the interface',
    });
  }
  if (mode === 'dedicated') {
    const guest = kw.nsdev ?? kw.ipdev;
    return { connection: planConnection(mode, parent, guest, namespace), isThere: false };
  }
  for (let n = 1; ; n++) {
    const guest = kw.nsdev ?? `eth${n}`;
    const connection = planConnection(mode, parent, guest, namespace);
    const existing = inner.find(({ name }) => name === guest);
    const isLed = outer.some(({ name }) => name === connection.local);
    const isBare = !existing?.addresses.some(({ scope }) => scope === 'global');
    // An earlier start ended before the interface had its address.
    if (existing && (isLed || kw.nsdev !== undefined) && isBare) {
      return { connection, isThere: true };
    }
    if (existing && kw.nsdev === undefined) continue;
    if (existing) {
      throw new AgentError('E_NSDEV', `${guest} has another address already`, {
        remedy: 'correct `nsdev`, or leave it out',
      });
    }
    const { local, moving } = connection;
    const isLeft = (name: string) => [...outer, ...inner].some((link) => link.name === name);
    if (isLeft(local) || isLeft(moving)) await disconnect(connection, namespace, context);
    return { connection, isThere: false };
  }
}

async function configure(
  kw: NetnsKeywords,
  target: Target,
  { guest, parent }: Connection,
  namespace: Namespace,
  context: ActionContext,
): Promise<void> {
  const { address, family } = target;
  const within = inside(context, namespace);
  const prefixLength = prefixLengthFor(kw, target, parent);
  const cidr = `${address}/${prefixLength}`;
  if (kw.macaddr !== undefined) {
    await within.change(['ip', 'link', 'set', guest, 'address', kw.macaddr]);
  }
  await announcingToNeighbours(target, guest, within, async () => {
    await within.change(['ip', 'addr', 'add', cidr, 'dev', guest]);
    context.undo(() => takeBack(target, guest, within));
    if (!context.dryRun) rememberTarget(context, target);
    await within.change(['ip', 'link', 'set', guest, 'up']);
    if (context.dryRun || family !== 'inet6') return;
    if (!(await settled(target, within))?.isDuplicate) return;
    throw new AgentError('E_CONFLICT', `${address} is in use: another host defends it`, {
      remedy: 'stop what has it, or correct `ipname`',
    });
  });
  const ip = family === 'inet6' ? ['ip', '-6'] : ['ip'];
  if (kw.gateway !== undefined) {
    await within.change([...ip, 'route', 'replace', 'default', 'via', kw.gateway]);
  }
  if (kw.del_net_route && kw.network !== undefined) {
    const length = kw.netmask === undefined ? prefixLength : prefixLengthOf(kw.netmask, family);
    await within.change([...ip, 'route', 'del', `${kw.network}/${length}`, 'dev', guest]);
  }
  await announce(target, { name: guest, speaksArp: true }, 'reply', within);
}

async function takeBack(target: Target, guest: string, within: ActionContext): Promise<void> {
  forgetTarget(within);
  const place = locate(await readLinks(within.probe), target);
  if (!place) return;
  const cidr = `${target.address}/${place.entry.prefixLength}`;
  await within.change(['ip', 'addr', 'del', cidr, 'dev', guest]);
}

/** Through these the host itself reaches the address; a macvlan is cut off from its parent. */
async function answerToHost(
  target: Target,
  { mode, parent }: Connection,
  context: ActionContext,
): Promise<void> {
  const isReached = mode === 'bridge' || mode === 'ovs';
  const isOnNetwork = parent.addresses.some(
    ({ family, scope }) => family === target.family && scope === 'global',
  );
  if (context.dryRun || !isReached || !isOnNetwork || context.tags.includes('nonrouted')) return;
  if (await waitForAnswer(target, true, 15, context)) return;
  context.log.warn(`${target.address} does not answer to this host`);
}
