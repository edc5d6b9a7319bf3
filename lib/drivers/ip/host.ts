/** ip.host: an address on an interface of this host. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { type Link, readLinks } from '../../host/ip-links.js';
import { withLock } from '../../lock/lock.js';
import { familyOf } from '../../units/netmask.js';
import {
  findTarget,
  forgetTarget,
  locate,
  type Place,
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
import { addressKeywords } from './keywords.js';

const keywords = defineKeywords({
  ...addressKeywords,
  check_carrier: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'A start fails when nothing is plugged into the interface. Switch it off for a bridge without ports.',
  },
  alias: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Give the address a label of its own, `<ipdev>:<n>`, that old tools show as an interface.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ ipname, ipdev }: Keywords): string => `${ipname ?? 'undefined'}@${ipdev}`;

export default defineDriver<Keywords>({
  id: 'ip.host',
  describe: 'An address on an interface of this host.',
  keywords,
  label: labelOf,

  async status(kw, context) {
    if (kw.ipname === undefined) return { status: 'n/a', notes: [warning('ipname is not set')] };
    const links = await linksOf(context);
    const target = await findTarget(kw, context);
    if (!target) {
      return { status: 'undef', notes: [warning(`${kw.ipname} resolves to no address`)] };
    }
    const place = locate(links, target);
    const device = links.find(({ name }) => name === kw.ipdev);
    const notes = [
      ...(device ? [] : [warning(`there is no interface ${kw.ipdev}`)]),
      ...(place ? oddities(kw, place) : []),
    ];
    return { status: place ? 'up' : 'down', notes };
  },

  async conflict(kw, context) {
    const links = await linksOf(context);
    const target = await findTarget(kw, context);
    const device = links.find(({ name }) => name === kw.ipdev);
    // Through a device that is down nothing can be asked: the start does it once it is up.
    if (!target || !device?.isUp || locate(links, target)) return undefined;
    return findConflict(target, device, context);
  },

  async start(kw, context) {
    if (kw.ipname === undefined) {
      context.log.warn('ipname is not set: there is nothing to start');
      return;
    }
    const target = await requireTarget(kw, context);
    const links = await readLinks(context.probe);
    if (locate(links, target)) {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    const device = await requireDevice(kw, target, links, context);
    await withPlumbingLock(context, async () => {
      await plumb(kw, target, device, context);
    });
    await announce(target, device, 'request', context);
    if (!context.dryRun && !(await waitForAnswer(target, true, 5, context))) {
      throw new AgentError('E_NO_ANSWER', `${target.address} does not answer after its start`, {
        remedy: 'look at the firewall and at whether the interface lo is up',
      });
    }
    // Once more, in the other form: one datagram can get lost.
    await announce(target, device, 'reply', context, { again: true });
  },

  async stop(kw, context) {
    if (kw.ipname === undefined) {
      context.log.warn('ipname is not set: there is nothing to stop');
      return;
    }
    const place = await findStarted(kw, context);
    if (!place) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    const { link, entry } = place;
    if (link.name !== kw.ipdev) {
      throw new AgentError('E_OTHER_DEVICE', `${entry.address} is on ${link.name}`, {
        remedy: `remove it there by hand, or correct \`ipdev\``,
      });
    }
    await context.change(delArgv(place));
    if (context.dryRun) return;
    forgetTarget(context);
    if (context.tags.includes('nonrouted')) return;
    if (!(await waitForAnswer(entry, false, 15, context))) {
      throw new AgentError('E_STILL_ANSWERS', `${entry.address} still answers after its stop`, {
        remedy: 'look for another host that has the address',
      });
    }
  },
});

function linksOf(context: ReadContext): Promise<Link[]> {
  return context.once('ip links', () => readLinks(context.probe));
}

const warning = (text: string): Note => ({ level: 'warn', text });

function oddities(kw: Keywords, { link, entry }: Place): Note[] {
  return [
    link.name !== kw.ipdev && `it is on ${link.name} instead of ${kw.ipdev}`,
    !link.isUp && `${link.name} is down`,
    kw.check_carrier && link.lacksCarrier && `${link.name} has no carrier`,
    entry.isDuplicate && 'another host has the same address',
  ].flatMap((text) => (text === false ? [] : [warning(text)]));
}

/** The address as the start left it; what its name resolves to now may be something else. */
async function findStarted(kw: Keywords, context: ReadContext): Promise<Place | undefined> {
  const links = await readLinks(context.probe);
  const targets = [await findTarget(kw, context), rememberedTarget(context)];
  return targets.map((target) => target && locate(links, target)).find(Boolean);
}

/**
 * The interface, up and with a carrier.
 * @throws AgentError `E_NO_DEVICE`, `E_NO_CARRIER`, or `E_CONFLICT` when only now it could be asked
 */
async function requireDevice(
  kw: Keywords,
  target: Target,
  links: readonly Link[],
  context: ActionContext,
): Promise<Link> {
  const find = (all: readonly Link[]) => all.find(({ name }) => name === kw.ipdev);
  let device = find(links);
  if (!device) {
    throw new AgentError('E_NO_DEVICE', `there is no interface ${kw.ipdev}`, {
      remedy: 'correct `ipdev`, or create the interface',
    });
  }
  const wasDown = !device.isUp;
  if (wasDown) {
    await context.change(['ip', 'link', 'set', 'dev', kw.ipdev, 'up']);
    context.undo(async () => {
      await context.change(['ip', 'link', 'set', 'dev', kw.ipdev, 'down']);
    });
    if (context.dryRun) return device;
  }
  const until = context.clock.monotonic() + (wasDown ? carrierMs : 0);
  while (kw.check_carrier && (device.lacksCarrier || !device.isUp)) {
    if (context.clock.monotonic() >= until) {
      throw new AgentError('E_NO_CARRIER', `${kw.ipdev} has no carrier`, {
        remedy: 'look at the cable or the bridge, or set `check_carrier = false`',
      });
    }
    await delay(100, undefined, { signal: context.signal });
    device = find(await readLinks(context.probe)) ?? device;
  }
  const conflict = wasDown ? await findConflict(target, device, context) : undefined;
  if (conflict !== undefined) {
    throw new AgentError('E_CONFLICT', conflict, {
      remedy: 'stop what has it, or correct `ipname`',
    });
  }
  return device;
}

/** How long an interface may take from being set up to having a carrier. */
const carrierMs = 10_000;

/** One at a time on this node: two would choose the same label. */
function withPlumbingLock<T>(context: ActionContext, work: () => Promise<T>): Promise<T> {
  if (context.dryRun) return work();
  const { paths, signal } = context;
  return withLock(
    join(paths.locks, 'startip'),
    { intent: 'start', object: 'starting addresses', waitMs: 60_000, signal },
    work,
  );
}

async function plumb(
  kw: Keywords,
  target: Target,
  device: Link,
  context: ActionContext,
): Promise<void> {
  const { address, family } = target;
  const cidr = `${address}/${prefixLengthFor(kw, target, device)}`;
  const fresh = context.dryRun ? undefined : await readLinks(context.probe);
  const label = await labelFor(
    kw,
    target,
    fresh?.find(({ name }) => name === device.name) ?? device,
    context,
  );
  await announcingToNeighbours(target, device.name, context, async () => {
    await context.change([
      ...['ip', 'addr', 'add', cidr, 'dev', device.name],
      ...(label === undefined ? [] : ['label', label]),
    ]);
    context.undo(() => unplumb(target, context));
    if (context.dryRun) return;
    rememberTarget(context, target);
    if (family !== 'inet6') return;
    if (!(await settled(target, context))?.isDuplicate) return;
    await unplumb(target, context);
    throw new AgentError('E_CONFLICT', `${address} is in use: another host defends it`, {
      remedy: 'stop what has it, or correct `ipname`',
    });
  });
}

async function unplumb(target: Target, context: ActionContext): Promise<void> {
  forgetTarget(context);
  const place = locate(await readLinks(context.probe), target);
  if (place) await context.change(delArgv(place));
}

function delArgv({ link, entry }: Place): string[] {
  return ['ip', 'addr', 'del', `${entry.address}/${entry.prefixLength}`, 'dev', link.name];
}

/** Interface names end at 15 characters, and labels follow the same rule. */
const longestLabel = 15;

/** `<device>:<n>` with the first free number. */
async function labelFor(
  kw: Keywords,
  { family }: Target,
  device: Link,
  context: ActionContext,
): Promise<string | undefined> {
  if (!kw.alias || context.tags.includes('noalias') || family === 'inet6') return undefined;
  const taken = new Set(device.addresses.map(({ label }) => label));
  // A plan knows of those that would have started before this one.
  let earlier = context.dryRun ? await countEarlier(device.name, context) : 0;
  let n = 1;
  while (taken.has(`${device.name}:${n}`) || earlier-- > 0) n += 1;
  const label = `${device.name}:${n}`;
  return label.length > longestLabel ? undefined : label;
}

/** How many addresses would be given a label of this device before ours. */
async function countEarlier(device: string, { rid, siblings }: ReadContext): Promise<number> {
  const labelled = siblings.filter(
    ({ rid: other, driver, disabled, tags, values }) =>
      driver === 'ip.host' &&
      other < rid &&
      !disabled &&
      !tags.includes('noalias') &&
      values?.['ipdev'] === device &&
      values['alias'] === true &&
      familyOf(String(values['ipname'])) !== 'inet6',
  );
  const statuses = await Promise.all(labelled.map((sibling) => sibling.status()));
  return statuses.filter((status) => status.endsWith('down')).length;
}
