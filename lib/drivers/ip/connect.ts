import { createHash } from 'node:crypto';
import type { ActionContext } from '../../driver/contract.js';
import { type Link, readLinks } from '../../host/ip-links.js';
import { inside, type Namespace } from './namespace.js';
import type { NetnsKeywords } from './netns-keywords.js';

export type Mode = Exclude<NetnsKeywords['mode'], 'auto'>;

/** How a namespace gets its interface. */
export function modeOf(kw: NetnsKeywords, device: Link | undefined, tags: readonly string[]): Mode {
  if (kw.mode !== 'auto') return kw.mode;
  if (tags.includes('dedicated')) return 'dedicated';
  return device?.kind === 'bridge' ? 'bridge' : 'macvlan';
}

/** The interface of an address: outside the devices that lead to it, inside the one that has it. */
export interface Connection {
  readonly mode: Mode;
  /** `ipdev`. */
  readonly parent: Link;
  /** Name inside. */
  readonly guest: string;
  /** What stays outside: the end of the cable. */
  readonly local: string;
  /** Its name before it is moved. */
  readonly moving: string;
}

/** Names of interfaces end at 15 characters. */
const longestName = 15;

/** Names the devices of a connection, by namespace and interface: a next start finds them again. */
export function planConnection(
  mode: Mode,
  parent: Link,
  guest: string,
  { tag }: Namespace,
): Connection {
  const short = (name: string): string => {
    if (name.length <= longestName) return name;
    return `${name[0]}${createHash('sha256')
      .update(name)
      .digest('hex')
      .slice(0, longestName - 1)}`;
  };
  const isCable = mode === 'bridge' || mode === 'ovs';
  return {
    mode,
    parent,
    guest,
    local: short(`v${guest}pl${tag}`),
    moving: short(isCable ? `v${guest}pg${tag}` : `ph${tag}${guest}`),
  };
}

/**
 * The argvs that connect a namespace, in order; the last of them work inside it.
 * @returns what is run outside and then inside
 */
export function connectArgvs(
  { mode, parent, guest, local, moving }: Connection,
  { word }: Namespace,
  { vlan_mode, vlan_tag }: Pick<NetnsKeywords, 'vlan_mode' | 'vlan_tag'>,
): { outside: string[][]; inside: string[][] } {
  const dev = parent.name;
  const mtu = ['mtu', String(parent.mtu)];
  const move = ['ip', 'link', 'set', moving, 'netns', word];
  const rename = [['ip', 'link', 'set', moving, 'name', guest]];
  const virtual = (type: readonly string[]): string[][] => [
    ['ip', 'link', 'add', 'link', dev, 'dev', moving, ...mtu, 'type', ...type],
    ['ip', 'link', 'set', dev, 'up'],
    move,
  ];
  const cable = (attach: string[]): string[][] => [
    ['ip', 'link', 'add', 'name', local, ...mtu, 'type', 'veth', 'peer', 'name', moving, ...mtu],
    attach,
    ['ip', 'link', 'set', local, 'up'],
    move,
  ];
  switch (mode) {
    case 'bridge':
      return { outside: cable(['ip', 'link', 'set', local, 'master', dev]), inside: rename };
    case 'ovs': {
      const tag = vlan_tag === undefined ? [] : [`tag=${vlan_tag}`];
      const port = ['--may-exist', 'add-port', dev, local, `vlan_mode=${vlan_mode}`, ...tag];
      return { outside: cable(['ovs-vsctl', ...port]), inside: rename };
    }
    case 'macvlan':
      return { outside: virtual(['macvlan', 'mode', 'bridge']), inside: rename };
    case 'ipvlan-l2':
    case 'ipvlan-l3':
      return { outside: virtual(['ipvlan', 'mode', mode.slice(-2)]), inside: rename };
    case 'dedicated':
      return { outside: [['ip', 'link', 'set', dev, 'netns', word, 'name', guest]], inside: [] };
  }
}

/** Connects the namespace; the undo takes the devices away again. */
export async function connect(
  connection: Connection,
  namespace: Namespace,
  kw: NetnsKeywords,
  context: ActionContext,
): Promise<void> {
  const argvs = connectArgvs(connection, namespace, kw);
  const within = inside(context, namespace);
  let isFirst = true;
  for (const argv of argvs.outside) {
    await context.change(argv);
    if (isFirst) context.undo(() => disconnect(connection, namespace, context));
    isFirst = false;
  }
  for (const argv of argvs.inside) await within.change(argv);
}

/** Takes away the devices of a connection wherever they are; a dedicated interface stays inside. */
export async function disconnect(
  { mode, local, moving, guest }: Connection,
  namespace: Namespace,
  context: ActionContext,
): Promise<void> {
  if (mode === 'dedicated') return;
  const within = inside(context, namespace);
  const names = async (of: ActionContext) => (await readLinks(of.probe)).map(({ name }) => name);
  const outside = await names(context);
  // The other end of a cable goes with this one.
  const left = [local, moving].find((name) => outside.includes(name));
  if (left !== undefined) {
    if (mode === 'ovs') await context.change(['ovs-vsctl', '--if-exists', 'del-port', left]);
    await context.change(['ip', 'link', 'del', 'dev', left]);
    return;
  }
  const there = await names(within);
  const inner = [guest, moving].find((name) => there.includes(name));
  if (inner !== undefined) await within.change(['ip', 'link', 'del', 'dev', inner]);
}
