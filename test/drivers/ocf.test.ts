/** app.ocf, with real resource agents of the distribution. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exitReason, levelOfLine, parseOcfAgent } from '../../lib/host/ocf.js';
import { parseOcfParameters } from '../../lib/host/ocf-metadata.js';
import { lacks } from '../support/can.js';
import { conformance } from './conformance.js';
import { addressesOf, createNetwork, type Network } from './network.js';
import { createRig, type Rig } from './rig.js';

const stateFile = ({ paths }: Rig): string =>
  join(paths.run, 'ocf/Dummy-root.svc.svc1.app.1.state');

conformance({
  name: 'app.ocf, heartbeat:Dummy',
  needs: ['ocf'],
  rid: 'app#1',
  config: () => '[app#1]\ntype = ocf\nagent = heartbeat:Dummy\nstart = 1\nstop = 1\n',
  isUp: (rig) => existsSync(stateFile(rig)),
  traces: (rig) => `${existsSync(stateFile(rig))}`,
});

let network: Network;

conformance({
  name: 'app.ocf, heartbeat:IPaddr2',
  needs: ['ocf', 'netns'],
  rid: 'app#1',
  wrap: (argv) => network.wrap(argv),
  config: () => {
    network = createNetwork();
    return '[app#1]\ntype = ocf\nagent = ocf:heartbeat:IPaddr2\nocf_params = ip=10.99.0.9 cidr_netmask=24 nic=up0 arp_count=1 arp_interval=10\n';
  },
  isUp: () => addressesOf(network, 'host').some((text) => text.startsWith('10.99.0.9/24')),
  traces: () => addressesOf(network, 'host').join(),
});

const mountPoint = ({ place }: Pick<Rig, 'place'>): string => join(place, 'mnt');
const isMounted = (rig: Pick<Rig, 'place'>): boolean =>
  readFileSync('/proc/self/mounts', 'utf8').includes(` ${mountPoint(rig)} `);

conformance({
  name: 'app.ocf, heartbeat:Filesystem on a loop device',
  needs: ['ocf', 'loop'],
  rid: 'app#1',
  config: (place) => {
    const image = join(place, 'image');
    execFileSync('sh', ['-c', 'truncate -s 4M "$1" && mkfs.ext4 -q -F "$1"', 'sh', image]);
    const device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim();
    onTestFinished(() => {
      spawnSync('umount', [mountPoint({ place })]);
      spawnSync('losetup', ['-d', device]);
    });
    mkdirSync(mountPoint({ place }));
    return `[app#1]\ntype = ocf\nagent = heartbeat:Filesystem\nocf_params = device=${device} directory=${mountPoint({ place })} fstype=ext4\n`;
  },
  isUp: isMounted,
  traces: (rig) => `${isMounted(rig)}`,
});

/** An agent of the test's own, below an `OCF_ROOT` of its own. */
function agentRig(script: string, lines = ''): Rig {
  return createRig((place) => {
    const path = join(place, 'ocf/resource.d/test/Agent');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return `[app#1]\ntype = ocf\nagent = test:Agent\nocf_root = ${place}/ocf\n${lines}\n`;
  });
}

describe('exit codes of a monitor', () => {
  test.each([
    [0, 'up', []],
    [1, 'warn', ['warn: error (1)']],
    [2, 'undef', ['error: wrong arguments (2)']],
    [3, 'undef', ['error: action not implemented (3)']],
    [4, 'warn', ['warn: insufficient rights (4)']],
    [5, 'n/a', ['warn: not installed (5)']],
    [6, 'undef', ['error: not configured (6)']],
    [7, 'down', []],
    [8, 'up', ['info: running, promoted (8)']],
    [9, 'warn', ['warn: failed, promoted (9)']],
    [42, 'warn', ['warn: unknown (42)']],
    [190, 'up', ['warn: running, degraded (190)']],
  ])('%d is %s', async (code, status, notes) => {
    const report = await agentRig(`exit ${code}`).status('app#1');
    expect(report.status).toBe(status);
    expect(report.notes.map(({ level, text }) => `${level}: ${text}`)).toEqual(notes);
  });
});

const metadata = (parameters: string): string =>
  `meta-data) cat <<'EOF'\n<?xml version="1.0"?>\n<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">\n` +
  `<resource-agent name="Agent"><parameters>${parameters}</parameters></resource-agent>\nEOF\n;;`;
const parameter = (name: string, more = '', content = '<content type="string" />'): string =>
  `<parameter name="${name}" ${more}><shortdesc>A &lt;word&gt;</shortdesc>${content}</parameter>`;

describe('parameters against the meta-data of the agent', () => {
  const started = 'monitor) test -e "$HA_RSCTMP/up" || exit 7;; start) touch "$HA_RSCTMP/up";;';
  const described = `case $1 in ${started} ${metadata(
    parameter('address', 'required="1"') +
      parameter('port', '', '<content type="integer" default="80" />') +
      parameter('mode', 'required="1"', '<content type="string" default="a" />'),
  )} esac`;

  test('a missing one that the agent needs is refused before anything is started', async () => {
    const rig = agentRig(described, 'ocf_params = port=1');
    await expect(rig.act('start')).rejects.toThrow('test:Agent: its parameter address is missing');
    expect(existsSync(join(rig.paths.run, 'ocf/up'))).toBe(false);
  });

  test('unknown names and wrong numbers are warnings with a hint, never the values of secrets', async () => {
    const rig = agentRig(
      described,
      'ocf_params = address=a prot=1 port=eighty CRM_meta_x=1 trace_ra=1\nocf_secrets = word=hunter2',
    );
    await rig.act('start');
    expect(rig.lines.filter((line) => line.includes('WARNING'))).toEqual([
      'app#1 WARNING test:Agent has no parameter prot; did you mean port?',
      'app#1 WARNING test:Agent: its parameter port is an integer',
      'app#1 WARNING test:Agent has no parameter word',
    ]);
    expect(rig.lines.join('\n')).not.toContain('hunter2');
  });

  test.each([
    ['no XML', 'echo nonsense'],
    ['half of it', `echo '<resource-agent><parameters><parameter name="a" required="1">'`],
    ['an error', 'exit 1'],
  ])('meta-data that is %s: the agent is believed', async (_, command) => {
    const rig = agentRig(`case $1 in ${started} meta-data) ${command};; esac`, 'ocf_params = x=1');
    await rig.act('start');
    expect((await rig.status('app#1')).status).toBe('up');
  });

  test.skipIf(lacks('ocf'))(
    'the agents of the distribution all say what they know',
    () => {
      const directory = '/usr/lib/ocf/resource.d/heartbeat';
      const agents = readdirSync(directory).filter((name) => !name.startsWith('.'));
      const said = agents.flatMap((name) => {
        const { status, stdout } = spawnSync(join(directory, name), ['meta-data'], {
          env: { PATH: process.env['PATH'], OCF_ROOT: '/usr/lib/ocf', HA_RSCTMP: '/tmp' },
          encoding: 'utf8',
          timeout: 20_000,
        });
        return status === 0 && stdout !== ''
          ? [{ name, parameters: parseOcfParameters(stdout) }]
          : [];
      });
      // Some need programs or libraries that are not installed even to say this.
      expect(said.length).toBeGreaterThan(agents.length * 0.8);
      expect(said.find(({ name }) => name === 'IPaddr2')?.parameters).toContainEqual({
        name: 'ip',
        required: true,
        type: 'string',
      });
    },
    120_000,
  );
});

test('the environment that an agent is called with', async () => {
  const rig = agentRig(
    'case $1 in monitor) test -e "$HA_RSCTMP/up" || exit 7;; start) env >"$HA_RSCTMP/up";; stop) rm "$HA_RSCTMP/up";; esac',
    'ocf_params = "greeting=good day" port=80\nocf_secrets = password=hunter2\nstart_timeout = 1m',
  );
  await rig.act('start');
  const scratch = join(rig.paths.run, 'ocf');
  const lines = readFileSync(join(scratch, 'up'), 'utf8').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      `OCF_ROOT=${rig.place}/ocf`,
      'OCF_RESOURCE_INSTANCE=root.svc.svc1.app.1',
      'OCF_RESOURCE_TYPE=Agent',
      'OCF_RESOURCE_PROVIDER=test',
      'OCF_RESKEY_greeting=good day',
      'OCF_RESKEY_port=80',
      'OCF_RESKEY_password=hunter2',
      'OCF_RESKEY_CRM_meta_timeout=60000',
      'OCF_RA_VERSION_MAJOR=1',
      `HA_RSCTMP=${scratch}`,
      'OPENSVC_RID=app#1',
    ]),
  );
  expect(rig.lines.join('\n')).not.toContain('hunter2');
  await rig.act('stop');
  expect(readdirSync(scratch)).toEqual([]);
});

test('the lines of a start and a stop, with the levels of the agent', async () => {
  const rig = agentRig(
    [
      'here=$(dirname "$0")',
      'case $1 in',
      'monitor) test -e "$here/up" || exit 7;;',
      'start) touch "$here/up"; echo out; echo "INFO: fine" >&2; echo "WARNING: odd" >&2; echo "DEBUG: more" >&2;;',
      'stop) rm "$here/up"; echo "ERROR: bad" >&2;;',
      'esac',
    ].join('\n'),
  );
  await rig.act('start');
  await rig.act('stop');
  const path = `${rig.place}/ocf/resource.d/test/Agent`;
  const user = process.getuid?.() === 0 ? 'root' : '\\S+';
  expect(rig.lines[0]).toMatch(new RegExp(`^app#1 exec ${path} start as user ${user}$`));
  expect(rig.lines).toEqual(
    expect.arrayContaining([
      'app#1 | out',
      'app#1 | INFO: fine',
      'app#1 WARNING | WARNING: odd',
      'app#1 ERROR | ERROR: bad',
    ]),
  );
  expect(rig.lines.some((line) => /^app#1 start done in \S+ - ret 0$/.test(line))).toBe(true);
});

describe('failures', () => {
  test('a start says why, in the words of the agent', async () => {
    const rig = agentRig(
      'test $1 = monitor && exit 7\necho "ocf-exit-reason:no such database" >&2; exit 6',
    );
    await expect(rig.act('start')).rejects.toThrow(
      'test:Agent start: not configured (6): no such database',
    );
  });

  test.skipIf(lacks('ocf'))('so does a real one without its parameters', async () => {
    const rig = createRig('[app#1]\ntype = ocf\nagent = heartbeat:IPaddr2\n');
    expect(await rig.status('app#1')).toMatchObject({
      status: 'undef',
      notes: [
        { level: 'error', text: 'not configured (6): IP address (the ip parameter) is mandatory' },
      ],
    });
    await expect(rig.act('start')).rejects.toThrow(
      'heartbeat:IPaddr2: its parameter ip is missing',
    );
  });

  test('a start that says success and does not run is an error, and is stopped', async () => {
    const rig = agentRig('case $1 in monitor) exit 7;; esac');
    await expect(rig.act('start')).rejects.toThrow('test:Agent is down after its start');
    expect(rig.lines.at(-1)).toBe('app#1 test:Agent is already stopped');
  });

  test('one that hangs is ended', async () => {
    const rig = agentRig('test $1 = monitor && exit 7\nsleep 60', 'start_timeout = 500ms');
    await expect(rig.act('start')).rejects.toThrow('took too long and was ended');
    const monitor = agentRig('sleep 60', 'check_timeout = 500ms');
    expect(await monitor.status('app#1')).toMatchObject({
      status: 'warn',
      notes: [{ text: 'monitor took longer than 0.5s and was ended' }],
    });
  });

  test('an agent that is not installed', async () => {
    const rig = createRig('[app#1]\ntype = ocf\nagent = heartbeat:NoSuchThing\n');
    expect(await rig.status('app#1')).toMatchObject({
      status: 'n/a',
      notes: [
        { level: 'warn', text: '/usr/lib/ocf/resource.d/heartbeat/NoSuchThing is not installed' },
      ],
    });
    await rig.act('stop');
    await expect(rig.act('start')).rejects.toThrow('NoSuchThing is not installed');
  });

  test('parameters that are none', async () => {
    const rig = agentRig('exit 0', 'ocf_params = ip');
    await expect(rig.act('start')).rejects.toThrow('a word is not NAME=VALUE');
    expect((await rig.status('app#1')).status).toBe('undef');
  });
});

test.each(['Dummy', 'a:b:c', 'heartbeat:', ':Dummy', 'heartbeat:../../sh', 'lsb:x:y', ''])(
  '%j is no agent',
  (text) => {
    expect(() => parseOcfAgent(text, '/usr/lib/ocf')).toThrow('is no agent');
  },
);

test('words of an agent (captured output)', () => {
  expect(exitReason('x\nocf-exit-reason:first\nocf-exit-reason: second \n')).toBe('second');
  expect(exitReason('')).toBeUndefined();
  expect(levelOfLine('Filesystem(svc1)[12]:\tERROR: Couldn not mount')).toBe('error');
  expect(levelOfLine('ocf-exit-reason:no')).toBe('error');
  expect(levelOfLine('Dummy: DEBUG: x')).toBe('debug');
  expect(levelOfLine('hello')).toBe('info');
});
