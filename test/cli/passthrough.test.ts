/** docker, podman and enter: the client of the engine in our place. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPodman, image, limits } from '../drivers/podman.js';
import { lacks } from '../support/can.js';
import { cronEnvironment, runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram } from './edge.js';

/** Programs of this name first in the path: scripts of sh(1). */
function withPrograms(root: TestRoot, programs: Readonly<Record<string, string>>): string {
  const bin = join(root.directory, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return `${bin}:${cronEnvironment.PATH}`;
}

const web = `[container#1]
type = docker
image = nginx:1
[container#2]
type = docker
image = nginx:1
name = db
tags = data
[container#3]
type = podman
image = busybox
[container#4]
type = lxc
[container#5]
type = kvm
rcmd = lxc-attach --machine
[container#6]
type = kvm
[fs#1]
type = flag
`;

/** Runs svcmgr where the clients print their arguments, one a line in <>. */
function captured(...argv: string[]) {
  const root = createRoot({ 'web.conf': web, 'empty.conf': '[fs#1]\ntype = flag\n' });
  const show = 'echo "$(basename "$0")"; for word; do echo "<$word>"; done; cat; exit 7';
  const PATH = withPrograms(root, { docker: show, podman: show, 'lxc-attach': show });
  return runProgram('svcmgr', argv, { root: root.directory, env: { PATH }, input: 'input\n' });
}
const words = (stdout: string): string[] => stdout.trimEnd().split('\n');

describe('the client by its captured command line', () => {
  test.each([
    {
      argv: ['-s', 'web', 'docker', 'ps', '-a', '--format', '{{.Names}}'],
      words: ['ps', '-a', '--format', '{{.Names}}'],
    },
    { argv: ['web', 'docker', 'stop', '{instances}'], words: ['stop', 'web.container.1', 'db'] },
    { argv: ['web', 'docker', 'stop', '%instances%'], words: ['stop', 'web.container.1', 'db'] },
    { argv: ['web', 'docker', 'pull', '{images}'], words: ['pull', 'nginx:1'] },
    {
      argv: ['web', 'docker', 'exec', '{container#2}', 'ls', '-s', 'x'],
      words: ['exec', 'db', 'ls', '-s', 'x'],
    },
    {
      argv: ['web', 'docker', 'ps', '--filter=name={container#2}'],
      words: ['ps', '--filter=name=db'],
    },
    {
      argv: ['-s', 'web', '--rid', 'container#2', 'docker', 'rm', '{instances}'],
      words: ['rm', 'db'],
    },
    { argv: ['web', '--tags', 'data', 'docker', 'rm', '{instances}'], words: ['rm', 'db'] },
    { argv: ['web', 'docker', '--help'], words: ['--help'] },
    { argv: ['web', 'docker', 'run', '--rm', 'true'], words: ['run', '--rm', 'true'] },
    { argv: ['web', 'docker', '--', 'x', ''], words: ['--', 'x', ''] },
    { argv: ['web', 'docker'], words: [] },
  ])('$argv', async ({ argv, words: expected }) => {
    const { stdout, stderr, code } = await captured(...argv);
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' });
    expect(words(stdout)).toEqual(['docker', ...expected.map((word) => `<${word}>`), 'input']);
  });

  test('podman has its own containers', async () => {
    const { stdout, code } = await captured('web', 'podman', 'stop', '{instances}');
    expect({ code, words: words(stdout) }).toEqual({
      code: 7,
      words: ['podman', '<stop>', '<web.container.3>', 'input'],
    });
  });

  test.each([
    { argv: ['empty', 'docker', 'ps'], code: 1, text: 'empty: it has no container of docker' },
    { argv: ['none', 'docker', 'ps'], code: 1, text: 'none: service does not exist' },
    { argv: ['docker', 'ps'], code: 2, text: 'svcmgr -s NAME docker' },
    {
      argv: ['web', 'docker', 'rm', '{container#3}'],
      code: 1,
      text: 'its containers are container#1, container#2',
    },
    { argv: ['web', 'docker', 'login', '{as_service}'], code: 78, text: 'needs a collector' },
    {
      argv: ['web', 'enter'],
      code: 1,
      text: 'choose with --rid one of container#1, container#2, container#3, container#4, container#5',
    },
    {
      argv: ['web', 'enter', '--rid', 'fs#1'],
      code: 1,
      text: 'fs#1 is no container that can be entered',
    },
    {
      argv: ['web', 'enter', '--rid', 'container#6'],
      code: 78,
      text: 'container#6: nothing is known that runs a command in web\n  set `rcmd`',
    },
    { argv: ['empty', 'enter'], code: 1, text: 'it has no container that can be entered' },
    { argv: ['enter'], code: 2, text: 'this command works on one service' },
  ])('refused: $argv', async ({ argv, code, text }) => {
    const result = await captured(...argv);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });

  test('a client that is not installed', async () => {
    const root = createRoot({ 'web.conf': web });
    const env = { PATH: join(root.directory, 'none') };
    const result = await runProgram('svcmgr', ['web', 'docker', 'ps'], {
      root: root.directory,
      env,
    });
    expect(result).toMatchObject({ code: 69, stderr: expect.stringContaining('install docker') });
  });

  test('enter: a shell of docker and of lxc, with the exit code of the shell', async () => {
    const docker = await captured('web', 'enter', '--rid', 'container#2');
    expect(docker.code).toBe(7);
    expect(words(docker.stdout).slice(0, 6)).toEqual([
      'docker',
      '<exec>',
      '<-i>',
      '<db>',
      '</bin/sh>',
      '<-c>',
    ]);
    const lxc = await captured('web', 'enter', '--rid', 'container#4');
    expect(words(lxc.stdout)).toEqual(['lxc-attach', '<-n>', '<web>', 'input']);
    const kvm = await captured('web', 'enter', '--rid', 'container#5');
    expect(words(kvm.stdout)).toEqual(['lxc-attach', '<--machine>', '</bin/sh>', 'input']);
  });
});

test.skipIf(lacks('root', 'podman', 'script'))(
  'podman: the client and a shell in a real container, piped and at a terminal',
  async () => {
    const podman = createPodman();
    const root = createRoot({
      'web.conf': `[container#1]\ntype = podman\nimage = ${image}\nnetns = none\nrun_args = ${limits}\ncommand = /bin/sleep 1000\n`,
    });
    const [, ...options] = podman.wrap(['podman']);
    const PATH = withPrograms(root, { podman: `exec /usr/bin/podman ${options.join(' ')} "$@"` });
    const svcmgr = (argv: string[], input = '') =>
      runProgram('svcmgr', argv, { root: root.directory, env: { PATH }, input });
    podman.run(
      'run',
      '-d',
      '--net=none',
      '--name=web.container.1',
      ...limits.split(' '),
      image,
      '/bin/sleep',
      '1000',
    );

    const ps = await svcmgr(['web', 'podman', 'ps', '--format', '{{.Names}} {{.Image}}']);
    expect(ps).toMatchObject({ code: 0, stdout: `web.container.1 ${image}\n` });
    const inside = await svcmgr(
      ['web', 'enter', '--rid', 'container#1'],
      'echo $((6*7)); exit 5\n',
    );
    expect(inside).toMatchObject({ code: 5, stdout: '42\n' });
    expect((await svcmgr(['web', 'enter'], 'exit 0\n')).code).toBe(0);

    const env = { ...cronEnvironment, PATH, TERM: 'xterm', NODEMGR_ROOT: root.directory };
    const line = `${process.execPath} ${distProgram('svcmgr')} web enter; echo "code $?"`;
    const typed = execFileSync('script', ['-qec', line, '/dev/null'], {
      env,
      encoding: 'utf8',
      input: 'test -t 0 && echo termi""nal\nexit 9\n',
    });
    expect(typed).toMatch(/^terminal\r?$/m);
    expect(typed).toMatch(/^code 9\r?$/m);
  },
);
