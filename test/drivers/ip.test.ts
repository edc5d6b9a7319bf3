/** ip drivers, on real interfaces in network namespaces that the test makes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectArgvs, type Mode, planConnection } from '../../lib/drivers/ip/connect.js';
import { AgentError } from '../../lib/errors/agent-error.js';
import { announceArgv, arpingOf, parseHolder } from '../../lib/host/arping.js';
import { type Link, parseLinks } from '../../lib/host/ip-links.js';
import { canonicalAddress, prefixLengthOf } from '../../lib/units/netmask.js';
import { lacks } from '../support/can.js';
import { waitFor } from '../support/program.js';
import { conformance } from './conformance.js';
import { addressesOf, createNetwork, type Network } from './network.js';
import { createRig, type Rig, type RigOptions } from './rig.js';

const needs = ['netns', 'arping', 'ping'] as const;

/** The network of the test that runs now. */
let network: Network;

const everything = () =>
  ['host', 'neighbour'].map((side) => addressesOf(network, side as 'host')).join();

conformance({
  name: 'ip.host, ipv4',
  needs,
  rid: 'ip#1',
  wrap: (argv) => network.wrap(argv),
  config: () => {
    network = createNetwork();
    return '[ip#1]\nipname = 10.99.0.5\nipdev = up0\n';
  },
  isUp: () => addressesOf(network, 'host').includes('10.99.0.5/24 up0:1'),
  foreign: {
    make: () => void network.ip('neighbour', 'addr', 'add', '10.99.0.5/24', 'dev', 'up0'),
    isIntact: () => addressesOf(network, 'neighbour').includes('10.99.0.5/24 up0'),
  },
  traces: everything,
});

conformance({
  name: 'ip.host, ipv6',
  needs,
  rid: 'ip#1',
  wrap: (argv) => network.wrap(argv),
  config: () => {
    network = createNetwork();
    return '[ip#1]\nipname = FD99:0::5\nipdev = up0\nnetmask = 64\ntags = nonrouted\n';
  },
  isUp: () => addressesOf(network, 'host').includes('fd99::5/64'),
  traces: everything,
});

function ipRig(lines: string, options: RigOptions = {}): Rig {
  network = createNetwork();
  return createRig(`[ip#1]\nipdev = up0\n${lines}\n`, { wrap: network.wrap, ...options });
}

/** The announcement of the arping that this machine has. */
function announced(device: string, address: string, form: 'request' | 'reply'): string {
  const { stdout, stderr } = spawnSync('arping', ['-V'], { encoding: 'utf8' });
  return announceArgv(arpingOf(`${stdout}\n${stderr}`) ?? 'iputils', device, address, form).join(
    ' ',
  );
}

/** Without arping, which takes seconds to ask and to tell. */
const silently: NonNullable<RigOptions['run']> = (argv, real, options) =>
  real(argv.includes('arping') ? ['false'] : argv, options);

/** No ping before and after: five seconds less. */
const quick = 'tags = nonrouted';

describe.skipIf(lacks(...needs))('ip.host', () => {
  test('the lines of a start and a stop', async () => {
    const rig = ipRig('ipname = 10.99.0.5');
    await rig.act('start');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      'ip#1 checking 10.99.0.5 availability',
      'ip#1 ip addr add 10.99.0.5/24 dev up0 label up0:1',
      `ip#1 ${announced('up0', '10.99.0.5', 'request')}`,
      'ip#1 ip addr del 10.99.0.5/24 dev up0',
    ]);
  });

  /** The neighbour believes that somebody else has the address. */
  const mislead = (address: string): void =>
    void network.ip(
      'neighbour',
      ...['neigh', 'replace', address, 'lladdr', '02:00:00:00:00:99', 'dev', 'up0'],
      ...['nud', 'reachable'],
    );
  const believed = (address: string): string | undefined => {
    const rows = JSON.parse(network.ip('neighbour', '-j', 'neigh', 'show', address)) as {
      lladdr?: string;
    }[];
    return rows[0]?.lladdr;
  };

  test.each([
    ['10.99.0.5', 'netmask = 24'],
    ['fd99::5', 'netmask = 64'],
  ])(
    'a neighbour with a wrong entry for %s has the right one within a second',
    async (address, mask) => {
      const rig = ipRig(`ipname = ${address}\n${mask}\n${quick}`);
      mislead(address);
      let plumbedAt = 0;
      let rightAt = 0;
      let done = false;
      const watch = async (): Promise<void> => {
        while (!done && rightAt === 0) {
          const hasIt = addressesOf(network, 'host').some((text) => text.startsWith(`${address}/`));
          const isUsable =
            hasIt && !network.ip('host', 'addr', 'show', 'up0').includes('tentative');
          if (isUsable) plumbedAt ||= performance.now();
          if (believed(address) === network.mac) rightAt = performance.now();
          // The neighbour may learn it between our two looks.
          if (rightAt > 0) plumbedAt ||= rightAt;
          await delay(10);
        }
      };
      const start = async (): Promise<void> => {
        await rig.act('start');
        done = true;
      };
      await Promise.all([watch(), start()]);
      expect(believed(address)).toBe(network.mac);
      expect(rightAt - plumbedAt).toBeLessThan(1000);
    },
  );

  test('the setting that has the kernel announce ipv6 is put back', async () => {
    const rig = ipRig(`ipname = fd99::5\nnetmask = 64\n${quick}`);
    await rig.act('start');
    expect(rig.lines).toEqual([
      'ip#1 checking fd99::5 availability',
      'ip#1 sysctl -q -w net/ipv6/conf/up0/ndisc_notify=1',
      'ip#1 ip addr add fd99::5/64 dev up0',
      'ip#1 sysctl -q -w net/ipv6/conf/up0/ndisc_notify=0',
    ]);
  });

  test('a neighbour that answers no ping is found all the same', async () => {
    const rig = ipRig(`ipname = 10.99.0.5\n${quick}`);
    network.ip('neighbour', 'addr', 'add', '10.99.0.5/24', 'dev', 'up0');
    await expect(rig.act('start')).rejects.toThrow('in use elsewhere: ip#1');
    expect(rig.lines.find((line) => line.includes('ERROR'))).toMatch(
      /^ip#1 ERROR 10\.99\.0\.5 is in use by the host with address ([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
    );
    expect(addressesOf(network, 'host')).not.toContain('10.99.0.5/24 up0:1');
  });

  test('ipv6: the kernel finds the duplicate, and nothing is left', async () => {
    const rig = ipRig(`ipname = fd99::5\nnetmask = 64\n${quick}`);
    network.ip('neighbour', 'addr', 'add', 'fd99::5/64', 'dev', 'up0', 'nodad');
    await expect(rig.act('start')).rejects.toThrow('fd99::5 is in use');
    expect(addressesOf(network, 'host')).not.toContain('fd99::5/64');
    expect(rig.lines.at(-1)).not.toContain('rollback:');
  });

  test('an interface that is down is set up, asked then, and set down again by the rollback', async () => {
    const rig = ipRig(`ipname = 10.99.0.5\nnetmask = 24\n${quick}`);
    network.ip('neighbour', 'addr', 'add', '10.99.0.5/24', 'dev', 'up0');
    network.ip('host', 'link', 'set', 'up0', 'down');
    await expect(rig.act('start')).rejects.toThrow('in use by the host');
    expect(rig.lines).toContain('ip#1 ip link set dev up0 up');
    expect(rig.lines).toContain('ip#1 ip link set dev up0 down');
    expect(network.ip('host', 'link', 'show', 'up0')).toContain('state DOWN');
  });

  test('no carrier, unless nobody minds', async () => {
    const rig = ipRig(`ipname = 10.99.0.5\nnetmask = 24\n${quick}`);
    network.ip('neighbour', 'link', 'set', 'up0', 'down');
    await waitFor(
      () => network.ip('host', 'link', 'show', 'up0').includes('NO-CARRIER') || undefined,
      'the carrier to go',
    );
    await expect(rig.act('start')).rejects.toThrow('up0 has no carrier');
    rig.configure(
      `[ip#1]\nipdev = up0\nipname = 10.99.0.5\nnetmask = 24\n${quick}\ncheck_carrier = false\n`,
    );
    await rig.act('start');
    expect(addressesOf(network, 'host')).toContain('10.99.0.5/24 up0:1');
    expect((await rig.status('ip#1')).notes).toEqual([]);
  });

  test('labels: the first free number; none for noalias, alias = false or a long name', async () => {
    const rig = createRigWith(
      [
        'ipname = 10.99.0.5',
        'ipname = 10.99.0.6',
        'ipname = 10.99.0.7\nalias = false',
        'ipname = 10.99.0.8\ntags = noalias nonrouted',
      ].map((lines) => `ipdev = up0\n${lines}`),
    );
    network.ip('host', ...'addr add 10.99.0.4/24 dev up0 label up0:1'.split(' '));
    const added = () => rig.lines.filter((line) => line.includes(' ip addr add '));
    await rig.act('start', { dryRun: true });
    const planned = added();
    rig.lines.length = 0;
    await rig.act('start');
    expect(added()).toEqual(planned);
    expect(addressesOf(network, 'host')).toEqual(
      expect.arrayContaining([
        '10.99.0.5/24 up0:2',
        '10.99.0.6/24 up0:3',
        '10.99.0.7/24 up0',
        '10.99.0.8/24 up0',
      ]),
    );
    await rig.act('stop');
    network.ip('host', 'link', 'add', 'a23456789012345', 'type', 'bridge');
    rig.configure(
      `[ip#1]\nipname = 10.88.0.1\nnetmask = 24\nipdev = a23456789012345\n${quick}\ncheck_carrier = false\n`,
    );
    await rig.act('start');
    expect(addressesOf(network, 'host', 'a23456789012345')).toContain(
      '10.88.0.1/24 a23456789012345',
    );
  });

  const createRigWith = (sections: readonly string[]): Rig => {
    network = createNetwork();
    const text = sections
      .map((lines, n) => `[ip#${n + 1}]\n${lines.includes('tags') ? '' : `${quick}\n`}${lines}\n`)
      .join('');
    return createRig(text, { wrap: network.wrap, run: silently });
  };

  test('netmasks: of the interface, dotted, hexadecimal; a wrong one', async () => {
    const rig = ipRig(`ipname = 10.99.0.5\nnetmask = 0xffff0000\n${quick}`, { run: silently });
    await rig.act('start');
    expect(addressesOf(network, 'host')).toContain('10.99.0.5/16 up0:1');
    const wrong = ipRig(`ipname = 10.99.0.5\nnetmask = 255.0.255.0\n${quick}`);
    await expect(wrong.act('start')).rejects.toThrow('255.0.255.0 is no netmask');
    const none = ipRig(`ipname = 10.99.0.5\n${quick}`);
    network.ip('host', 'addr', 'flush', 'dev', 'up0');
    await expect(none.act('start')).rejects.toThrow('up0 has no ipv4 address');
  });

  test('status: no name, an unknown name, no interface, on another one', async () => {
    const statusOf = async (lines: string) => {
      const rig = createRig(`[ip#1]\n${lines}\n`, { wrap: network.wrap });
      const { status, notes } = await rig.status('ip#1');
      return [status, ...notes.map(({ level, text }) => `${level}: ${text}`)];
    };
    network = createNetwork();
    expect(await statusOf('ipdev = up0')).toEqual(['n/a', 'warn: ipname is not set']);
    expect(await statusOf('ipdev = up0\nipname = no.such.name.invalid')).toEqual([
      'undef',
      'warn: no.such.name.invalid resolves to no address',
    ]);
    expect(await statusOf('ipdev = up9\nipname = 10.99.0.5')).toEqual([
      'down',
      'warn: there is no interface up9',
    ]);
    expect(await statusOf('ipdev = lo\nipname = 10.99.0.1')).toEqual([
      'up',
      'warn: it is on up0 instead of lo',
    ]);
  });

  test('wrong input: no name, an unknown name, no interface, on another one', async () => {
    const unnamed = ipRig('');
    await unnamed.act('start');
    await unnamed.act('stop');
    expect(unnamed.lines).toEqual([
      'ip#1 WARNING ipname is not set: there is nothing to start',
      'ip#1 WARNING ipname is not set: there is nothing to stop',
    ]);
    const unknown = ipRig('ipname = no.such.name.invalid');
    await expect(unknown.act('start')).rejects.toThrow('resolves to no address');
    const noDevice = createRig('[ip#1]\nipname = 10.99.0.5\nipdev = up9\n', { wrap: network.wrap });
    await expect(noDevice.act('start')).rejects.toThrow('there is no interface up9');
    const other = createRig('[ip#1]\nipname = 10.99.0.1\nipdev = lo\n', { wrap: network.wrap });
    await expect(other.act('stop')).rejects.toThrow('10.99.0.1 is on up0');
  });

  test('a stop takes away what the start added, although the name means something else now', async () => {
    let answer = '10.99.0.5';
    const rig = ipRig(`ipname = moving\n${quick}`, {
      run: (argv, real, options) =>
        real(argv[0] === 'getent' ? ['echo', answer, 'STREAM', 'moving'] : argv, options),
    });
    await rig.act('start');
    expect(addressesOf(network, 'host')).toContain('10.99.0.5/24 up0:1');
    answer = '10.99.0.6';
    await rig.act('stop');
    expect(addressesOf(network, 'host')).not.toContain('10.99.0.5/24 up0:1');
  });

  test('an announcement that fails is a warning with its reason', async () => {
    const rig = ipRig(`ipname = 10.99.0.5\n${quick}`, {
      run: (argv, real, options) =>
        argv.includes('-U') || argv.includes('-A')
          ? real(['sh', '-c', 'echo "arping: no luck" >&2; exit 2'], options)
          : real(argv, options),
    });
    await rig.act('start');
    const text = 'ip#1 WARNING the neighbours were not told of 10.99.0.5: arping: no luck';
    expect(rig.lines.filter((line) => line === text)).toHaveLength(2);
  });

  test('without arping and ping the address is started, with warnings', async () => {
    const rig = ipRig('ipname = 10.99.0.5', {
      run: (argv, real, options) => {
        if (argv[0] === 'arping' || argv[0] === 'ping') {
          throw new AgentError('E_NO_COMMAND', `${argv[0]} is not installed`);
        }
        return real(argv, options);
      },
    });
    await rig.act('start');
    expect(rig.lines.filter((line) => line.includes('WARNING')).sort()).toEqual([
      'ip#1 WARNING 10.99.0.5 was not looked for among the neighbours: arping is not installed',
      'ip#1 WARNING 10.99.0.5 was not pinged: ping is not available',
      'ip#1 WARNING the neighbours were not told of 10.99.0.5: arping is not installed',
    ]);
    expect(addressesOf(network, 'host')).toContain('10.99.0.5/24 up0:1');
    await rig.act('stop');
    expect(addressesOf(network, 'host')).not.toContain('10.99.0.5/24 up0:1');
  });
});

describe('arping', () => {
  test('which one it is (captured output)', () => {
    expect(arpingOf('arping from iputils 20221126\nlibcap: yes, IDN: yes')).toBe('iputils');
    expect(
      arpingOf(
        "arping: invalid option -- 'V'\nBusyBox v1.35.0 (Debian 1:1.35.0-4) multi-call binary.",
      ),
    ).toBe('iputils');
    expect(
      arpingOf(
        "ARPing 2.23, by Thomas Habets <thomas@habets.se>\nusage: arping [ -0aAbdDeFpPqrRuUvzZ ]\n/usr/sbin/arping: option requires an argument -- 'V'",
      ),
    ).toBe('habets');
    expect(arpingOf('exec of "arping" failed: No such file or directory')).toBeUndefined();
  });

  test('who holds an address (captured output)', () => {
    expect(
      parseHolder(
        'ARPING 10.99.0.2 from 0.0.0.0 vb1\nUnicast reply from 10.99.0.2 [A6:FB:6D:B6:61:44]  0.527ms\nSent 1 probes (1 broadcast(s))\n',
      ),
    ).toBe('a6:fb:6d:b6:61:44');
    expect(
      parseHolder(
        'ARPING 10.99.0.2\n42 bytes from a6:fb:6d:b6:61:44 (10.99.0.2): index=0 time=8.623 usec\n',
      ),
    ).toBe('a6:fb:6d:b6:61:44');
    expect(parseHolder('ARPING 10.99.0.77\nTimeout\n')).toBeUndefined();
    expect(
      parseHolder('ARPING 10.99.0.77 from 0.0.0.0 vb1\nSent 2 probes (2 broadcast(s))\n'),
    ).toBe(undefined);
  });

  test('the options of either', () => {
    expect(announceArgv('iputils', 'eth0', '10.0.0.1', 'request').join(' ')).toBe(
      'arping -U -c 1 -I eth0 -s 10.0.0.1 10.0.0.1',
    );
    expect(announceArgv('iputils', 'eth0', '10.0.0.1', 'reply').join(' ')).toBe(
      'arping -c 1 -A -I eth0 10.0.0.1',
    );
    expect(announceArgv('habets', 'eth0', '10.0.0.1', 'request').join(' ')).toBe(
      'arping -U -c 1 -i eth0 -S 10.0.0.1 10.0.0.1',
    );
    expect(announceArgv('habets', 'eth0', '10.0.0.1', 'reply').join(' ')).toBe(
      'arping -U -P -c 1 -i eth0 -S 10.0.0.1 10.0.0.1',
    );
  });
});

test('ip -j: what it leaves out, nothing at all, no JSON (captured output)', () => {
  expect(parseLinks('')).toEqual([]);
  expect(parseLinks('[{},{"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536}]')).toMatchObject([
    { name: 'lo', isUp: true, speaksArp: false, addresses: [] },
  ]);
  expect(() => parseLinks('1: lo: <LOOPBACK>')).toThrow('no JSON');
});

test.each([
  ['24', 'inet', 24],
  ['0', 'inet', 0],
  ['33', 'inet', undefined],
  ['64', 'inet6', 64],
  ['129', 'inet6', undefined],
  ['255.255.255.0', 'inet', 24],
  ['255.255.255.255', 'inet', 32],
  ['0.0.0.0', 'inet', 0],
  ['255.0.255.0', 'inet', undefined],
  ['0xffffff00', 'inet', 24],
  ['FFFF0000', 'inet', 16],
  ['255.255.255.0', 'inet6', undefined],
  ['ffff:ffff::', 'inet6', undefined],
  ['', 'inet', undefined],
] as const)('netmask %j of %s is %s', (mask, family, length) => {
  expect(prefixLengthOf(mask, family)).toBe(length);
});

test('addresses are compared as the kernel writes them', () => {
  expect(canonicalAddress('2001:DB8:0:0::1')).toBe('2001:db8::1');
  expect(canonicalAddress('10.0.0.1')).toBe('10.0.0.1');
});

/** A namespace beside the host, with a name of its own, and the host's bridge br0 with the neighbour on it. */
function createGuest(bridge = true): string {
  network = createNetwork();
  const name = `nmg${network.host.slice(3)}`;
  execFileSync('ip', ['netns', 'add', name]);
  onTestFinished(() => void spawnSync('ip', ['netns', 'del', name]));
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  if (!bridge) return name;
  network.ip('host', 'link', 'add', 'br0', 'type', 'bridge');
  network.ip('host', 'link', 'set', 'br0', 'up');
  network.ip('host', 'link', 'set', 'up0', 'master', 'br0');
  network.ip('host', 'addr', 'flush', 'dev', 'up0');
  network.ip('host', 'addr', 'add', '10.99.0.1/24', 'dev', 'br0');
  network.ip('host', 'link', 'set', 'br0', 'addrgenmode', 'none');
  return name;
}

let guest = '';
const guestAddresses = (): string[] =>
  (
    JSON.parse(execFileSync('ip', ['-n', guest, '-j', 'addr', 'show'], { encoding: 'utf8' })) as {
      ifname: string;
      addr_info: { local: string; prefixlen: number; scope: string }[];
    }[]
  ).flatMap(({ ifname, addr_info }) =>
    addr_info
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`),
  );
/** Every interface of the host and of the guest. */
const interfaces = (): string =>
  [
    network.ip('host', '-o', 'link', 'show'),
    execFileSync('ip', ['-n', guest, '-o', 'link', 'show']),
  ]
    .flatMap((text) => [...String(text).matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name))
    .sort()
    .join(' ');

const guestCases = [
  { mode: 'bridge', device: 'br0', lines: 'ipdev = br0' },
  { mode: 'macvlan', device: 'up0', lines: 'ipdev = up0' },
  {
    mode: 'bridge, ipv6, a name inside',
    device: 'br0',
    lines: 'ipdev = br0\nipname = fd99::7\nnetmask = 64\nnsdev = lan',
    address: 'lan fd99::7/64',
  },
];

for (const { mode, device, lines, address = 'eth1 10.99.0.7/24' } of guestCases) {
  conformance({
    name: `ip.netns, ${mode}`,
    needs,
    rid: 'ip#1',
    wrap: (argv) => network.wrap(argv),
    config: () => {
      guest = createGuest(device === 'br0');
      const ipname = lines.includes('ipname') ? '' : 'ipname = 10.99.0.7\n';
      return `[ip#1]\n${ipname}netns = ${guest}\n${quick}\n${lines}\n`;
    },
    isUp: () => guestAddresses().includes(address),
    traces: () => `${interfaces()} ${guestAddresses()}`,
    ...(mode === 'bridge' && {
      foreign: {
        make: () => void network.ip('neighbour', 'addr', 'add', '10.99.0.7/24', 'dev', 'up0'),
        isIntact: () => addressesOf(network, 'neighbour').includes('10.99.0.7/24 up0'),
      },
    }),
  });
}

describe.skipIf(lacks(...needs))('ip.netns', () => {
  const guestRig = (lines: string, bridge = true): Rig => {
    guest = createGuest(bridge);
    return createRig(`[ip#1]\nipname = 10.99.0.7\n${lines}\n`, { wrap: network.wrap });
  };

  test('bridge: the lines, and the neighbour reaches it and the gateway is set', async () => {
    const rig = guestRig('');
    rig.configure(
      `[ip#1]\nipname = 10.99.0.7\nipdev = br0\nnetns = ${guest}\ngateway = 10.99.0.2\nmacaddr = 02:11:22:33:44:55\n`,
    );
    await rig.act('start');
    const path = `/var/run/netns/${guest}`;
    const enter = `ip#1 nsenter --net=${path}`;
    const tag = /veth1pl(\d+)/.exec(rig.lines.join())?.[1];
    expect(rig.lines).toEqual([
      'ip#1 checking 10.99.0.7 availability',
      `ip#1 ip link add name veth1pl${tag} mtu 1500 type veth peer name veth1pg${tag} mtu 1500`,
      `ip#1 ip link set veth1pl${tag} master br0`,
      `ip#1 ip link set veth1pl${tag} up`,
      `ip#1 ip link set veth1pg${tag} netns ${path}`,
      `${enter} ip link set veth1pg${tag} name eth1`,
      `${enter} ip link set eth1 address 02:11:22:33:44:55`,
      `${enter} ip addr add 10.99.0.7/24 dev eth1`,
      `${enter} ip link set eth1 up`,
      `${enter} ip route replace default via 10.99.0.2`,
      `${enter} ${announced('eth1', '10.99.0.7', 'reply')}`,
    ]);
    const ping = ['netns', 'exec', network.neighbour, 'ping', '-c', '1', '-W', '5', '10.99.0.7'];
    expect(spawnSync('ip', ping).status).toBe(0);
    rig.lines.length = 0;
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `${enter} ip addr del 10.99.0.7/24 dev eth1`,
      `${enter} ip link del dev eth1`,
    ]);
  });

  test('dedicated: the interface itself moves, stays, and is used again', async () => {
    const rig = guestRig('');
    network.ip('host', 'link', 'add', 'own0', 'type', 'veth', 'peer', 'name', 'own1');
    network.ip('host', 'link', 'set', 'own1', 'up');
    rig.configure(
      `[ip#1]\nipname = 10.99.0.7\nnetmask = 24\nipdev = own0\nnsdev = lan\nnetns = ${guest}\ntags = dedicated nonrouted\n`,
    );
    for (const turn of ['first', 'second']) {
      await rig.act('start');
      expect([turn, ...guestAddresses()]).toEqual([turn, 'lan 10.99.0.7/24']);
      expect((await rig.status('ip#1')).status).toBe('up');
      await rig.act('stop');
      expect(guestAddresses()).toEqual([]);
      expect(interfaces().split(' ')).toContain('lan');
    }
  });

  test('what a killed start left is completed or cleaned, at each step', async () => {
    guest = createGuest();
    const text = `[ip#1]\nipname = 10.99.0.7\nipdev = br0\nnetns = ${guest}\n${quick}\n`;
    const before = interfaces();
    const rig = createRig(text, { wrap: network.wrap, run: silently });
    for (const last of ['link add', 'master', 'pl\\d+ up', 'netns /', 'name eth1']) {
      // The commands after this one fail, and so does the rollback: as if we had been killed.
      let isDead = false;
      const dying = createRig(text, {
        wrap: network.wrap,
        run: async (argv, real, options) => {
          const changes = /link (add|set|del)|addr (add|del)/.test(argv.join(' '));
          if (isDead && changes) return real(['false'], options);
          const result = await silently(argv, real, options);
          if (new RegExp(last).test(argv.join(' '))) isDead = true;
          return result;
        },
      });
      await expect(dying.act('start')).rejects.toThrow();
      expect(interfaces()).not.toBe(before);
      await rig.act('start');
      expect(guestAddresses()).toEqual(['eth1 10.99.0.7/24']);
      await rig.act('stop');
      expect(interfaces()).toBe(before);
    }
  });

  test('wrong input: no namespace, no such namespace, no such container, no interface', async () => {
    const rig = guestRig('type = netns\nipdev = br0');
    await expect(rig.act('start')).rejects.toThrow('no network namespace is configured');
    const of = (lines: string) =>
      createRig(`[ip#1]\ntype = netns\nipname = 10.99.0.7\n${quick}\n${lines}\n`, {
        wrap: network.wrap,
      });
    const missing = of('ipdev = br0\nnetns = no-such-namespace');
    await expect(missing.act('start')).rejects.toThrow(
      'no-such-namespace has no network namespace',
    );
    expect((await missing.status('ip#1')).status).toBe('down');
    await missing.act('stop');
    await expect(of('ipdev = br0\nnetns = container#9').act('start')).rejects.toThrow(
      'there is no resource container#9',
    );
    const optional = of('ipdev = br0\nnetns = container#9\noptional = true');
    await optional.act('start');
    expect(optional.lines).toContain('ip#1 ERROR there is no resource container#9');
    await expect(of(`ipdev = br9\nnetns = ${guest}`).act('start')).rejects.toThrow(
      'there is no interface br9',
    );
  });
});

describe('ways into a namespace that this kernel lacks', () => {
  const parent = { name: 'eth0', mtu: 9000 } as Link;
  const namespace = { path: '/proc/4711/ns/net', word: '4711', tag: '4711' };
  const argvs = (mode: Mode, tag?: string): string[] => {
    const connection = planConnection(mode, parent, 'eth1', namespace);
    const { outside, inside } = connectArgvs(connection, namespace, {
      vlan_mode: 'native-untagged',
      vlan_tag: tag,
    });
    return [...outside, ...inside].map((argv) => argv.join(' '));
  };

  test.each(['l2', 'l3'])('ipvlan-%s (argv)', (layer) => {
    expect(argvs(`ipvlan-${layer}` as Mode)).toEqual([
      `ip link add link eth0 dev ph4711eth1 mtu 9000 type ipvlan mode ${layer}`,
      'ip link set eth0 up',
      'ip link set ph4711eth1 netns 4711',
      'ip link set ph4711eth1 name eth1',
    ]);
  });

  test('ovs (argv)', () => {
    expect(argvs('ovs', '12').slice(0, 2)).toEqual([
      'ip link add name veth1pl4711 mtu 9000 type veth peer name veth1pg4711 mtu 9000',
      'ovs-vsctl --may-exist add-port eth0 veth1pl4711 vlan_mode=native-untagged tag=12',
    ]);
    expect(argvs('ovs')[1]).not.toContain('tag=');
  });

  test('names stay within 15 characters and apart from each other', () => {
    const names = [1, 2].flatMap((n) => {
      const { local, moving } = planConnection('bridge', parent, `container-${n}`, namespace);
      return [local, moving];
    });
    expect(new Set(names).size).toBe(4);
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(15);
  });
});
