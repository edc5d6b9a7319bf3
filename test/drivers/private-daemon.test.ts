/** A docker daemon of the service itself: a real process, behind a client that really asks it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityOf } from '../../lib/env/process-identity.js';
import { withLock } from '../../lib/lock/lock.js';
import { lacks } from '../support/can.js';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { createFakeDocker, type FakeDocker } from './fake-docker.js';
import { createRig, type Rig } from './rig.js';

const container = '\ntype = docker\nimage = nginx:1\n';

interface Started {
  readonly rig: Rig;
  readonly docker: FakeDocker;
  readonly socket: string;
  readonly pidFile: string;
  /** Of the daemon; undefined while it does not run. */
  pid(): number | undefined;
}

/** A service with two containers, whose daemon keeps its data in `data`. */
function createDaemonRig(
  head = '',
  sections = `[container#1]${container}[container#2]${container}`,
): Started {
  const docker = createFakeDocker();
  const rig = createRig(
    (place) =>
      `[DEFAULT]\n${docker.keywords}container_data_dir = ${place}/data\n${head}\n${sections}`,
  );
  const directory = join(rig.paths.var, 'svc/svc1');
  const pidFile = join(directory, 'docker.pid');
  return {
    rig,
    docker,
    socket: join(directory, 'docker.sock'),
    pidFile,
    pid() {
      const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : undefined;
      return pid !== undefined && identityOf(pid) ? pid : undefined;
    },
  };
}

describe('a docker daemon of the service itself', () => {
  test('it starts with the first container and ends with the last one', async () => {
    const { rig, docker, socket, pidFile, pid } = createDaemonRig();
    expect(await rig.status('container#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'info', text: 'its docker daemon is not running' }],
    });
    await rig.act('start', { rid: 'container#1' });
    const first = pid();
    expect(first).toBeGreaterThan(0);
    const data = join(rig.place, 'data');
    expect(docker.lives()).toEqual([
      `dockerd -H unix://${socket} --data-root ${data} -p ${pidFile} --exec-root ${data}`,
    ]);
    expect(rig.lines).toContain(
      `container#1 ${docker.daemon} -H unix://${socket} --data-root ${data} -p ${pidFile} --exec-root ${data}`,
    );
    await rig.act('start');
    expect(pid()).toBe(first);
    expect(docker.lives()).toHaveLength(1);
    expect((await rig.status('container#2')).status).toBe('up');

    await rig.act('stop', { rid: 'container#2' });
    expect(pid()).toBe(first);
    await rig.act('stop');
    expect(rig.lines.at(-1)).toBe(
      `container#1 end the docker daemon ${first}, no container is left`,
    );
    expect(pid()).toBeUndefined();
    expect(docker.lives().slice(1)).toEqual(['SIGTERM']);
    expect((await rig.status('container#1')).status).toBe('down');
    await rig.act('stop');
    expect(docker.lives()).toHaveLength(2);
    expect(docker.commands()).toEqual([
      'docker run -d --name=svc1.container.1 nginx:1',
      'docker run -d --name=svc1.container.2 nginx:1',
      'docker stop c0ffee2',
      'docker stop c0ffee1',
    ]);
  });

  test('its arguments come from docker_daemon_args, and it survives whoever started it', async () => {
    const { rig, docker, pid } = createDaemonRig(
      'docker_daemon_args = --slow --log-opt "max size"',
    );
    await rig.act('start');
    expect(docker.lives()[0]).toMatch(/ --slow --log-opt max size$/);
    const [, parent, , session] = readFileSync(`/proc/${pid()}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    expect(Number(parent)).not.toBe(process.pid);
    const [, , , own] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    expect(session).not.toBe(own);
  });

  test('one that does not listen to SIGTERM is killed', async () => {
    const { rig, docker, pid } = createDaemonRig(
      'docker_daemon_args = --deaf',
      `[container#1]${container}`,
    );
    await rig.act('start');
    await rig.act('stop');
    expect(pid()).toBeUndefined();
    expect(docker.lives().slice(1)).toEqual(['SIGTERM']);
  }, 40_000);

  test('one that does not come up: the last line of what it said, and how to run it by hand', async () => {
    const { rig, docker } = createDaemonRig('docker_daemon_args = --broken');
    const error = await rig.act('start').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      message: expect.stringContaining(
        'the docker daemon of the service ended: failed to start daemon: unknown storage driver: none',
      ),
      cause: { remedy: expect.stringContaining(`${docker.daemon} -H unix://`) },
    });
    expect(docker.commands()).toEqual([]);
  });

  test('a pid file of another process is not believed', async () => {
    const { rig, docker, pidFile } = createDaemonRig();
    mkdirSync(join(pidFile, '..'), { recursive: true });
    writeFileSync(pidFile, String(process.pid));
    expect((await rig.status('container#1')).notes).toEqual([
      { level: 'info', text: 'its docker daemon is not running' },
    ]);
    await rig.act('start');
    expect((await rig.status('container#1')).status).toBe('up');
    await rig.act('stop');
    expect(docker.lives().slice(1)).toEqual(['SIGTERM']);
  });

  test('a start that fails takes its daemon back', async () => {
    const { rig, docker, pid } = createDaemonRig(
      '',
      `[container#1]${container}[app#1]\nstart = /bin/false\n`,
    );
    await expect(rig.act('start')).rejects.toThrow();
    expect(pid()).toBeUndefined();
    expect(docker.commands().at(-1)).toBe('docker rm -f c0ffee1');
  });

  test('unprovision of a stopped container wakes the daemon, removes it and ends the daemon', async () => {
    const { rig, docker, pid } = createDaemonRig('', `[container#1]${container}`);
    await rig.act('start');
    await rig.act('unprovision');
    expect(docker.commands().slice(1)).toEqual(['docker stop c0ffee1', 'docker rm -f c0ffee1']);
    expect(docker.lives().filter((line) => line === 'SIGTERM')).toHaveLength(2);
    expect(pid()).toBeUndefined();
  });

  test('a plan starts no daemon', async () => {
    const { rig, docker } = createDaemonRig();
    await rig.act('start', { dryRun: true });
    expect(docker.lives()).toEqual([]);
    const words = rig.lines.flatMap(
      (line) => /\/(dockerd?) -H \S+ (\S+)/.exec(line)?.slice(1) ?? [],
    );
    expect(words).toEqual([
      'dockerd',
      '--data-root',
      'docker',
      'pull',
      'docker',
      'run',
      'dockerd',
      '--data-root',
      'docker',
      'pull',
      'docker',
      'run',
    ]);
    expect(rig.lines.filter((line) => /ERROR|WARN/.test(line))).toEqual([]);
  });

  test('without container_data_dir, or with docker_daemon_private = false, it is the one of the node', async () => {
    for (const head of ['docker_daemon_private = false', 'container_data_dir =']) {
      const { rig, docker } = createDaemonRig(head);
      await expect(rig.act('start')).rejects.toThrow(
        'Cannot connect to the Docker daemon at unix:///var/run/docker.sock',
      );
      expect(docker.lives()).toEqual([]);
    }
  });

  test('daemons start one after the other', async () => {
    const { rig, docker } = createDaemonRig();
    const path = join(rig.paths.locks, 'docker_start');
    let release = (): void => undefined;
    const other = withLock(path, { intent: 'start' }, () => {
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    const started = rig.act('start');
    await waitFor(() => existsSync(path) || undefined, 'the lock');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(docker.lives()).toEqual([]);
    release();
    await Promise.all([other, started]);
    expect(docker.lives()).toHaveLength(1);
  });

  test.skipIf(lacks('root', 'mount'))(
    'its data lies on a file system that is not up: nothing is started below the mount point',
    async () => {
      const docker = createFakeDocker();
      const rig = createRig(
        (place) =>
          `[DEFAULT]\n${docker.keywords}container_data_dir = ${place}/mnt/docker\n[fs#1]\ntype = tmpfs\ndev = none\nmnt = ${place}/mnt\n[container#1]${container}`,
      );
      await expect(rig.act('start', { rid: 'container#1' })).rejects.toThrow(
        'mnt/docker lies on fs#1, which is down',
      );
      expect(docker.lives()).toEqual([]);
      await rig.act('start');
      expect((await rig.status('container#1')).status).toBe('up');
      expect(existsSync(join(rig.place, 'mnt/docker/containers.json'))).toBe(true);
      await rig.act('stop');
      expect(docker.lives().slice(1)).toEqual(['SIGTERM']);
      expect(rig.lines.some((line) => line.includes('fuser'))).toBe(false);
      expect((await rig.status('fs#1')).status).toBe('down');
    },
  );
});

describe('svcmgr docker with a daemon of the service itself', () => {
  test('it is started for the client, which gets its socket', async () => {
    const docker = createFakeDocker();
    const root = createRoot();
    root.write(
      'web.conf',
      `[DEFAULT]\n${docker.keywords}container_data_dir = ${root.directory}/data\n[container#1]${container}`,
    );
    root.write('node.conf', '[node]\nuuid = 1234-5678\n');
    const svcmgr = (...argv: string[]) =>
      runProgram('svcmgr', ['web', ...argv], { root: root.directory });
    expect(await svcmgr('docker', 'ps')).toMatchObject({ code: 0, stdout: '' });
    expect(docker.lives()).toHaveLength(1);
    expect(await svcmgr('docker', 'run', '-d', '--name=x', 'nginx:1')).toMatchObject({ code: 0 });
    expect(await svcmgr('docker', 'ps')).toMatchObject({
      code: 0,
      stdout: 'c0ffee1\n',
      stderr: '',
    });
    expect(docker.lives()).toHaveLength(1);
    expect((await svcmgr('start')).code).toBe(0);
    expect(await svcmgr('docker', 'container', 'inspect', '{container#1}')).toMatchObject({
      stdout: expect.stringContaining('"Name":"/web.container.1"'),
    });
    await svcmgr('docker', 'login', '{as_service}', 'registry');
    // What somebody started by hand keeps it going.
    expect((await svcmgr('stop')).code).toBe(0);
    expect(await svcmgr('docker', 'ps')).toMatchObject({ stdout: 'c0ffee1\n' });
    await svcmgr('docker', 'stop', 'x');
    expect((await svcmgr('stop')).code).toBe(0);
    expect(docker.lives().slice(1)).toEqual(['SIGTERM']);
    const login = docker.commands().find((line) => line.startsWith('docker login'));
    expect(login).toMatch(/^docker login -u web@\S+ -p 1234-5678 registry$/);
  }, 60_000);

  test('a task uses it as well, and starts it', async () => {
    const docker = createFakeDocker();
    const root = createRoot();
    root.write(
      'web.conf',
      `[DEFAULT]\n${docker.keywords}container_data_dir = ${root.directory}/data\n[task#1]\ntype = docker\nimage = nginx:1\ncommand = date\n`,
    );
    const run = await runProgram('svcmgr', ['web', 'run', '--rid', 'task#1'], {
      root: root.directory,
    });
    expect(run).toMatchObject({ code: 0 });
    expect(docker.lives()).toHaveLength(1);
    expect(docker.commands()).toEqual([
      expect.stringMatching(/^docker run --rm --name=web\.task\.1\.\d+ nginx:1 date$/),
    ]);
  }, 60_000);
});
