/** container drivers: podman with real containers, docker by its command lines. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AgentError } from '../../lib/errors/agent-error.js';
import { nothingRan, type Run } from '../../lib/exec/run.js';
import { isUnknown, parseContainer } from '../../lib/host/containers.js';
import { lacks } from '../support/can.js';
import { conformance } from './conformance.js';
import { createPodman, image, limits, type Podman } from './podman.js';
import { createRig, type Rig, type RigOptions } from './rig.js';

const needs = ['root', 'podman'] as const;

let podman: Podman;
const wrap = (argv: readonly string[]): string[] => podman.wrap(argv);

/** One that ends at once when it is told to. */
const patient = `command = /bin/sh -c 'trap "exit 0" TERM; sleep 1000 & wait'`;
const base = `type = podman\nimage = ${image}\nnetns = none\nrun_args = ${limits}`;

const running = (): string[] =>
  podman.run('ps', '--format', '{{.Names}}').split('\n').filter(Boolean);
const all = (): string[] =>
  podman.run('ps', '-a', '--format', '{{.Names}}').split('\n').filter(Boolean).sort();

conformance({
  name: 'container.podman',
  needs,
  rid: 'container#1',
  wrap,
  config: () => {
    podman = createPodman();
    return `[container#1]\n${base}\n${patient}\nrm = true\n`;
  },
  isUp: () => running().includes('svc1.container.1'),
  // It was made and never started.
  half: () =>
    void podman.run(
      'create',
      '--rm',
      '--net=none',
      '--name=svc1.container.1',
      '--stop-timeout=1',
      ...limits.split(' '),
      image,
      '/bin/sleep',
      '1000',
    ),
  halfStatus: 'down',
  traces: () => `${running()}`,
});

function containerRig(lines: string, options: RigOptions = {}): Rig {
  podman = createPodman();
  return createRig(`[container#1]\n${base}\n${lines}\n`, { wrap, ...options });
}

describe.skipIf(lacks(...needs))('container.podman', () => {
  test('the label, and the lines of a first start, a stop and a second start', async () => {
    const rig = containerRig(`${patient}\nstop_timeout = 5`);
    const label = `podman container svc1.container.1@${image}`;
    expect(await rig.status('container#1')).toMatchObject({
      status: 'down',
      resource: { label },
      notes: [{ level: 'info', text: 'container not found' }],
    });
    const commands = () => rig.lines.filter((line) => / podman /.test(line));
    await rig.act('start');
    expect(commands()).toEqual([
      `container#1 podman run -d --name=svc1.container.1 --net=none ${limits} ${image} /bin/sh -c 'trap "exit 0" TERM; sleep 1000 & wait'`,
    ]);
    const id = podman.run('ps', '-q', '--no-trunc').trim();
    rig.lines.length = 0;
    await rig.act('start');
    expect(rig.lines).toEqual([`container#1 ${label} is already up`]);
    rig.lines.length = 0;
    await rig.act('stop');
    await rig.act('stop');
    await rig.act('start');
    expect(commands()).toEqual([
      `container#1 podman stop -t 5 ${id}`,
      `container#1 ${label} is already down`,
      `container#1 podman start ${id}`,
    ]);
    rig.lines.length = 0;
    await rig.act('unprovision');
    expect(commands()).toEqual([
      `container#1 podman stop -t 5 ${id}`,
      `container#1 podman rm -f ${id}`,
    ]);
    expect(all()).toEqual([]);
  });

  test('caps become options of the engine, and hold inside', async () => {
    const rig = containerRig(
      `${patient}\npg_mem_limit = 64m\npg_vmem_limit = 128m\npg_cpu_quota = 50%\npg_cpu_shares = 300`,
    );
    await rig.act('start');
    expect(rig.lines.find((line) => / podman run /.test(line))).toContain(
      ' --cpu-shares=300 --cpus=0.5 --memory=67108864 --memory-swap=134217728 ',
    );
    const [{ HostConfig: has }] = JSON.parse(
      podman.run('container', 'inspect', 'svc1.container.1'),
    ) as [{ HostConfig: Record<string, number> }];
    expect(has).toMatchObject({ Memory: 64 << 20, MemorySwap: 128 << 20, CpuShares: 300 });
  });

  test('pg freeze, thaw and kill: paused is n/a, a stop lets it go on first', async () => {
    const rig = containerRig(`${patient}\nstop_timeout = 5`);
    await rig.act('start');
    await rig.act('pg_freeze');
    await rig.act('pg_freeze');
    expect(await rig.status('container#1')).toMatchObject({
      status: 'n/a',
      notes: [{ level: 'info', text: 'it is paused' }],
    });
    await rig.act('pg_thaw');
    expect((await rig.status('container#1')).status).toBe('up');
    await rig.act('pg_freeze');
    await rig.act('stop');
    expect((await rig.status('container#1')).status).toBe('down');
    await rig.act('start');
    await rig.act('pg_freeze');
    await rig.act('start');
    expect((await rig.status('container#1')).status).toBe('up');
    await rig.act('pg_freeze');
    await rig.act('pg_kill');
    expect((await rig.status('container#1')).status).toBe('down');
    const words = rig.lines.flatMap((line) => / podman (\S+)/.exec(line)?.[1] ?? []);
    expect(words.join(' ')).toBe(
      'run pause container unpause pause unpause stop start pause unpause pause unpause kill',
    );
  });

  test('options: environment, user, host name, mounts, entry point, name', async () => {
    const rig = containerRig('');
    rig.configure(
      `[container#1]\n${base}\nname = one\nenvironment = "A=two words" B=\nuser = 7:8\nhostname = inner\n` +
        `volume_mounts = ${rig.place}:/mnt:ro\nentrypoint = /bin/sh\ncommand = -c 'sleep 1000'\n`,
    );
    await rig.act('start');
    const inside = podman.run(
      'exec',
      'one',
      '/bin/sh',
      '-c',
      'echo "$A-$B"; id -u; id -g; hostname; cat /proc/mounts',
    );
    expect(inside).toMatch(/^two words-\n7\n8\ninner\n/);
    expect(inside).toMatch(/ \/mnt .*\bro\b/);
    expect(running()).toEqual(['one']);
  });

  test('one that shares the network of another', async () => {
    const rig = containerRig('');
    rig.configure(
      `[container#1]\n${base}\n${patient}\n[container#2]\n${base.replace('none', 'container#1')}\n${patient}\n`,
    );
    await rig.act('start');
    const [first, second] = ['1', '2'].map((n) =>
      podman.run('exec', `svc1.container.${n}`, '/bin/busybox', 'readlink', '/proc/self/ns/net'),
    );
    expect(first).toMatch(/^net:/);
    expect(second).toBe(first);
  });

  test('a container that ends at once is an error, and the rollback removes it', async () => {
    const rig = containerRig(`command = /bin/sh -c 'exit 3'`);
    await expect(rig.act('start')).rejects.toThrow('svc1.container.1 ended with 3 after its start');
    expect(all()).toEqual([]);
  });

  test('a command that does not exist, and an image that nobody has', async () => {
    const rig = containerRig('command = /no/such');
    await expect(rig.act('start')).rejects.toThrow(/podman run .* exited with 12[67]/);
    expect(all()).toEqual([]);
    rig.configure('[container#1]\ntype = podman\nimage = 127.0.0.1:9/none:1\npull_timeout = 20\n');
    await expect(rig.act('start')).rejects.toThrow('podman pull 127.0.0.1:9/none:1');
  });

  test('one that ignores the polite signal is killed by the engine', async () => {
    const rig = containerRig('command = /bin/sleep 1000\nstop_timeout = 1');
    await rig.act('start');
    await rig.act('stop');
    expect(running()).toEqual([]);
  });

  test('another image under the same name is told', async () => {
    const rig = containerRig(patient);
    await rig.act('start');
    expect((await rig.status('container#1')).notes).toEqual([]);
    const before = podman.run('image', 'inspect', '--format', '{{.Id}}', image).slice(0, 12);
    podman.importImage(image);
    expect(await rig.status('container#1')).toMatchObject({
      status: 'up',
      notes: [{ level: 'warn', text: `it runs image ${before}, which is not ${image} any more` }],
    });
  });
});

/** An engine that is not on this machine, in the words of the real one. */
function fakeDocker(): { run: NonNullable<RigOptions['run']>; commands: string[]; down: boolean } {
  const commands: string[] = [];
  const id = 'e7d0f5b7f5a8c4c9b3a2';
  let state: 'none' | 'running' | 'exited' = 'none';
  const answer = (exitCode: number, stdout: string, stderr = '') => ({ exitCode, stdout, stderr });
  const fake = { commands, down: false, run };

  function docker(words: readonly string[]): ReturnType<typeof answer> {
    const [verb, object] = words;
    if (fake.down) {
      return answer(
        1,
        '[]\n',
        'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n',
      );
    }
    if (verb === 'image') return answer(0, 'sha256:1111\n');
    if (verb === 'container') {
      if (state === 'none')
        return answer(1, '[]\n', 'Error response from daemon: No such container: x\n');
      const isRunning = state === 'running';
      return answer(
        0,
        JSON.stringify([
          {
            Id: id,
            State: {
              Status: state,
              Running: isRunning,
              Paused: false,
              Pid: isRunning ? 4711 : 0,
              ExitCode: 0,
            },
            Image: 'sha256:1111',
            Name: '/svc1.container.1',
          },
        ]),
      );
    }
    commands.push(['docker', ...words].join(' '));
    if (verb === 'run' || verb === 'start') state = 'running';
    if (verb === 'stop' && object !== undefined) state = 'exited';
    if (verb === 'rm') state = 'none';
    return answer(0, `${id}\n`);
  }

  function run(argv: readonly string[], real: Run, options?: Parameters<Run>[1]): ReturnType<Run> {
    if (argv[0] !== 'docker') return real(argv, options);
    return Promise.resolve({
      ...nothingRan,
      argv,
      startedAt: 0,
      endedAt: 0,
      skipped: false,
      ...docker(argv.slice(1)),
    });
  }
  return fake;
}

describe('container.docker (captured output)', () => {
  const text =
    '[container#1]\ntype = docker\nimage = nginx:1\nprivileged = true\ndevices = /dev/fuse\n';

  test('run, stop, start, remove', async () => {
    const fake = fakeDocker();
    const rig = createRig(text, { run: fake.run });
    expect((await rig.status('container#1')).status).toBe('down');
    await rig.act('start');
    expect((await rig.status('container#1')).status).toBe('up');
    await rig.act('stop');
    expect((await rig.status('container#1')).status).toBe('down');
    await rig.act('start');
    await rig.act('unprovision');
    expect(fake.commands).toEqual([
      'docker run -d --name=svc1.container.1 --privileged --device /dev/fuse nginx:1',
      'docker stop e7d0f5b7f5a8c4c9b3a2',
      'docker start e7d0f5b7f5a8c4c9b3a2',
      'docker stop e7d0f5b7f5a8c4c9b3a2',
      'docker rm -f e7d0f5b7f5a8c4c9b3a2',
    ]);
  });

  test('a daemon that does not run', async () => {
    const fake = fakeDocker();
    fake.down = true;
    const rig = createRig(text, { run: fake.run });
    expect(await rig.status('container#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'info', text: expect.stringContaining('Is the docker daemon running?') }],
    });
    await expect(rig.act('start')).rejects.toThrow('Cannot connect to the Docker daemon');
    await expect(rig.act('stop')).rejects.toThrow('Cannot connect to the Docker daemon');
    expect(fake.commands).toEqual([]);
  });

  test('a client that is not installed', async () => {
    const rig = createRig(text, {
      run: (argv, real, options) => {
        if (argv[0] === 'docker') throw new AgentError('E_NO_COMMAND', 'docker is not installed');
        return real(argv, options);
      },
    });
    expect(await rig.status('container#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'info', text: 'docker is not installed' }],
    });
    await expect(rig.act('start')).rejects.toThrow('docker is not installed');
    await rig.act('stop');
    expect(rig.lines.at(-1)).toMatch(/is already down$/);
  });
});

test.each([
  ['Error: inspecting object: no such container x', true],
  ['Error: inspecting object: x: image not known', true],
  ['Error: No such container: x', true],
  ['Error response from daemon: No such image: x:latest', true],
  ['Error: no container with name or ID "x" found: no such container', true],
  ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock.', false],
])('%j says that there is none: %s (captured output)', (text, isNone) => {
  expect(isUnknown(text)).toBe(isNone);
});

test('something that is no container (captured output)', () => {
  expect(() => parseContainer('[]')).toThrow('unexpected');
  expect(() => parseContainer('hello')).toThrow('unexpected');
});

describe.skipIf(lacks('root', 'podman', 'netns', 'arping', 'ping'))(
  'an address in the network of a container',
  () => {
    /** The interface that everything hangs on is a bridge of this host that nothing else uses. */
    const bridge = `nm${process.pid % 10_000_000}`;
    const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' });
    const net = (address: string): string =>
      `netmask = 24\nipdev = ${bridge}\ncontainer_rid = container#1\ntags = nonrouted\nipname = ${address}\n`;

    function addressRig(): Rig {
      onTestFinished(() => void spawnSync('ip', ['link', 'del', bridge]));
      ip('link', 'add', bridge, 'type', 'bridge');
      ip('link', 'set', bridge, 'up');
      const rig = containerRig('');
      rig.configure(
        `[container#1]\n${base}\n${patient}\nrm = true\n[ip#1]\n${net('10.98.77.5')}[ip#2]\n${net('10.98.77.6')}[fs#1]\ntype = flag\n`,
      );
      return rig;
    }
    const order = (rig: Rig, pattern: RegExp): string[] => [
      ...new Set(
        rig.lines.filter((line) => pattern.test(line)).map((line) => line.split(' ')[0] ?? ''),
      ),
    ];

    test('it starts right after the container and stops right before it', async () => {
      const rig = addressRig();
      expect((await rig.status('ip#1')).status).toBe('down');
      expect((await rig.status('ip#1')).resource.label).toBe(`10.98.77.5@${bridge}@container#1`);
      await rig.act('start');
      expect(order(rig, / (create|podman run|ip addr add) /)).toEqual([
        'fs#1',
        'container#1',
        'ip#1',
        'ip#2',
      ]);
      const inside = podman.run('exec', 'svc1.container.1', '/bin/ip', '-o', 'addr');
      expect(inside).toMatch(/eth1\s+inet 10\.98\.77\.5\/24/);
      expect(inside).toMatch(/eth2\s+inet 10\.98\.77\.6\/24/);
      expect((await rig.status('ip#1')).status).toBe('up');
      expect((await rig.status('ip#2')).status).toBe('up');
      rig.lines.length = 0;
      await rig.act('stop');
      expect(order(rig, / (remove|podman stop|ip addr del) /)).toEqual([
        'ip#2',
        'ip#1',
        'container#1',
        'fs#1',
      ]);
      expect(ip('link', 'show', 'master', bridge)).toBe('');
    });

    test('a plan of all names the namespace that is not there yet', async () => {
      const rig = addressRig();
      await rig.act('start', { dryRun: true });
      expect(rig.lines).toContain(
        'ip#1 nsenter --net=/proc/PID/ns/net ip addr add 10.98.77.5/24 dev eth1',
      );
      expect(rig.lines.filter((line) => /WARN|ERROR/.test(line))).toEqual([]);
    });

    test('selected alone, an address takes its container along, and a stop of the container its addresses', async () => {
      const rig = addressRig();
      await rig.act('start', { rid: 'ip#1' });
      expect((await rig.status('container#1')).status).toBe('up');
      expect((await rig.status('ip#1')).status).toBe('up');
      expect((await rig.status('ip#2')).status).toBe('down');
      expect((await rig.status('fs#1')).status).toBe('down');
      await rig.act('start', { rid: 'container#1' });
      expect((await rig.status('ip#2')).status).toBe('up');
      await rig.act('stop', { rid: 'ip#1' });
      expect((await rig.status('ip#1')).status).toBe('down');
      expect((await rig.status('container#1')).status).toBe('up');
      rig.lines.length = 0;
      await rig.act('stop', { rid: 'container#1' });
      expect(order(rig, / (podman stop|ip addr del) /)).toEqual(['ip#2', 'container#1']);
    });

    test('a failure after both takes both back', async () => {
      const rig = addressRig();
      rig.configure(
        `[container#1]\n${base}\n${patient}\n[ip#1]\n${net('10.98.77.5')}[app#1]\nstart = /bin/false\n`,
      );
      await expect(rig.act('start')).rejects.toThrow();
      expect(all()).toEqual([]);
      expect(ip('link', 'show', 'master', bridge)).toBe('');
    });
  },
);
