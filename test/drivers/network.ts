/** Two network namespaces joined by a cable: this host, and a neighbour. */
import { execFileSync, spawnSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

let made = 0;

export interface Network {
  /** Namespace of the host under test, whose interface is `up0`, with 10.99.0.1/24 and fd99::1/64. */
  readonly host: string;
  /** The other one: `up0` with 10.99.0.2/24 and fd99::2/64. */
  readonly neighbour: string;
  /** Hardware address of `up0` of the host. */
  readonly mac: string;
  /** Puts a command into the host. */
  wrap(argv: readonly string[]): string[];
  /** Runs ip(8) in one of them. @throws when it fails */
  ip(side: 'host' | 'neighbour', ...words: string[]): string;
  remove(): void;
}

export function createNetwork(): Network {
  made += 1;
  const names = { host: `nmh${process.pid}-${made}`, neighbour: `nmn${process.pid}-${made}` };
  const run = (...words: string[]): string =>
    execFileSync('ip', words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const ip = (side: 'host' | 'neighbour', ...words: string[]) => run('-n', names[side], ...words);
  const remove = (): void => {
    for (const name of Object.values(names)) spawnSync('ip', ['netns', 'del', name], { env });
  };
  onTestFinished(remove);
  for (const name of Object.values(names)) run('netns', 'add', name);
  ip('host', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', names.neighbour);
  for (const [side, n] of [
    ['host', 1],
    ['neighbour', 2],
  ] as const) {
    ip(side, 'addr', 'add', `10.99.0.${n}/24`, 'dev', 'up0');
    ip(side, '-6', 'addr', 'add', `fd99::${n}/64`, 'dev', 'up0', 'nodad');
    ip(side, 'link', 'set', 'lo', 'up');
    // An address that comes by itself, and late, would look like a trace.
    ip(side, 'link', 'set', 'up0', 'addrgenmode', 'none');
    ip(side, 'link', 'set', 'up0', 'up');
  }
  const [link] = JSON.parse(ip('host', '-j', 'link', 'show', 'up0')) as { address: string }[];
  return {
    ...names,
    mac: link?.address ?? '',
    wrap: (argv) => ['ip', 'netns', 'exec', names.host, ...argv],
    ip,
    remove,
  };
}

interface Row {
  ifname: string;
  addr_info: { local: string; label?: string; prefixlen: number }[];
}

/** The addresses of an interface as `address/prefix label`. */
export function addressesOf(
  network: Network,
  side: 'host' | 'neighbour',
  device = 'up0',
): string[] {
  const rows = JSON.parse(network.ip(side, '-j', 'addr', 'show')) as Row[];
  return rows
    .filter(({ ifname }) => ifname === device)
    .flatMap(({ addr_info }) =>
      addr_info.map(({ local, prefixlen, label }) => `${local}/${prefixlen} ${label ?? ''}`.trim()),
    );
}
