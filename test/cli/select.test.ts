/** Which services a command line is about: where the selector may stand, filters, empty results. */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../lib/cli/command.js';
import { findCommand } from '../../lib/cli/find-command.js';
import { optionsOf } from '../../lib/cli/parse.js';
import { svcmgrCommands } from '../../lib/cli/svcmgr/program.js';
import { normaliseSelector, valuedOptions } from '../../lib/cli/svcmgr/selector-words.js';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { shell } from './edge.js';

const at =
  (root: TestRoot, env?: Record<string, string>) =>
  (...argv: string[]) =>
    runProgram('svcmgr', argv, { root: root.directory, ...(env && { env }) });
const services = (): TestRoot =>
  createRoot({
    'web.conf': '[DEFAULT]\npriority = 200\n[task#1]\ncommand = /bin/true\ntimeout = 2m\n',
    'db.conf': '[DEFAULT]\napp = shop\n[task#1]\ncommand = /bin/true\n',
    'namespaces/test/svc/web.conf': '[task#1]\ncommand = /bin/true\n',
  });
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('where the selector may stand', () => {
  test.each([
    { line: 'ls', paths: ['db', 'test/svc/web', 'web'] },
    { line: "-s 'w*' ls", paths: ['test/svc/web', 'web'] },
    { line: "--service='w*' ls", paths: ['test/svc/web', 'web'] },
    { line: 'ls -s db', paths: ['db'] },
    { line: '-sdb ls', paths: ['db'] },
    { line: "'w*' ls", paths: ['test/svc/web', 'web'] },
    { line: "'task.timeout>60' ls", paths: ['web'] },
    { line: "'!app=shop+*' ls", paths: ['test/svc/web', 'web'] },
    { line: "--format json '.timeout:' ls", paths: ['web'], json: true },
    { line: "'.timeout:' --format json ls", paths: ['web'], json: true },
    { line: '--namespace test ls', paths: ['test/svc/web'] },
    { line: '--namespace test web ls', paths: ['test/svc/web'] },
    { line: 'web --namespace=test ls', paths: ['test/svc/web'] },
    { line: '-s web --status undef ls', paths: ['web'] },
  ])('svcmgr $line', async ({ line, paths, json }) => {
    const { stdout, stderr, code } = await shell(`svcmgr ${line}`, {
      root: services().directory,
    });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const found = json
      ? (JSON.parse(stdout) as { path: string }[]).map(({ path }) => path)
      : lines(stdout);
    expect(found).toEqual(paths);
  });

  test('the words of a command are no service, also those that are written with _', async () => {
    const { stderr, code } = await shell('svcmgr sync all --dry-run', {
      root: createRoot().directory,
    });
    expect({ stderr, code }).toEqual({
      stderr: expect.stringContaining('no service is installed'),
      code: 1,
    });
  });

  test('OSVC_NAMESPACE is the default of --namespace', async () => {
    const svcmgr = at(services(), { OSVC_NAMESPACE: 'test' });
    expect((await svcmgr('ls')).stdout).toBe('test/svc/web\n');
    expect((await svcmgr('web', 'ls')).stdout).toBe('test/svc/web\n');
    expect((await svcmgr('root/svc/web', 'ls')).stdout).toBe('web\n');
    expect((await svcmgr('--namespace', 'root', 'ls')).stdout).toBe('db\nweb\n');
  });

  test('the link of a service stands for it, and takes no selection', async () => {
    const root = services();
    const program = join(process.cwd(), 'dist', 'svcmgr.js');
    const link = join(root.paths.etc, 'web');
    symlinkSync(program, link);
    const inner = join(root.paths.etc, 'namespaces', 'test', 'svc', 'web');
    mkdirSync(join(root.paths.etc, 'links'));
    symlinkSync(program, inner);
    const run = (line: string) => shell(line, { root: root.directory });
    expect(await run(`"$NODE" ${link} ls`)).toEqual({ code: 0, stdout: 'web\n', stderr: '' });
    expect((await run(`"$NODE" ${inner} ls`)).stdout).toBe('test/svc/web\n');
    expect((await run(`"$NODE" ${link} get task#1.timeout`)).stdout).toBe('2m\n');
    expect(await run(`"$NODE" ${link} -s db ls`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is the service web'),
    });
    expect(await run(`"$NODE" ${link} db ls`)).toMatchObject({ code: 2, stdout: '' });
    const svcmgr = at(root, { OSVC_SERVICE_LINK: 'db' });
    expect((await svcmgr('ls')).stdout).toBe('db\n');
    expect((await svcmgr('-s', 'web', 'ls')).stdout).toBe('web\n');
  });

  test('help is help, whatever is selected', () => {
    expect(normaliseSelector(['web', '--help'], svcmgrCommands)).toEqual(['--help']);
    expect(normaliseSelector(['web', 'ls', '--help'], svcmgrCommands)[0]).toBe('ls');
    expect(normaliseSelector(['web', 'nope'], svcmgrCommands)[0]).toBe('nope');
    expect(normaliseSelector(['--get-yargs-completions', 'svcmgr', '-s'], svcmgrCommands)).toEqual([
      '--get-yargs-completions',
      'svcmgr',
      '-s',
    ]);
  });

  test.each([
    { typed: 'web syncall', means: 'sync_all --service web' },
    { typed: 'web syncnodes --cron', means: 'sync_nodes --cron --service web' },
    { typed: 'web syncfullsync', means: 'sync_full --service web' },
    { typed: 'web mount', means: 'startfs --service web' },
    { typed: 'web umount --rid fs#1', means: 'stopfs --rid fs#1 --service web' },
    { typed: '-s web startloop', means: 'startdisk -s web' },
    { typed: 'web stopvg', means: 'stopdisk --service web' },
    { typed: 'web json_status', means: 'print status --format json --service web' },
    {
      typed: 'web json status --refresh',
      means: 'print status --format json --refresh --service web',
    },
    { typed: 'web json env', means: 'print config --format json --service web' },
    { typed: 'json_schedule', means: 'print schedule --format json' },
    { typed: 'web print_devlist', means: 'print devs --service web' },
    { typed: 'web print disks', means: 'print devs --service web' },
    { typed: 'web constructor', means: 'constructor --service web' },
    { typed: 'web set mount', means: 'set mount --service web' },
  ])('spelling of the first generation: $typed', ({ typed, means }) => {
    expect(normaliseSelector(typed.split(' '), svcmgrCommands)).toEqual(means.split(' '));
  });

  test('every old spelling is a command of today', () => {
    const old = 'syncall syncnodes syncdrp syncupdate syncresync syncfullsync syncbreak syncverify '
      .concat('syncrestore json_env json_status json_config json_schedule json_devs mount umount ')
      .concat('startloop startvg stoploop stopvg print_devlist print_disklist print_disks');
    for (const word of old.split(' ')) {
      const words = normaliseSelector(['-s', 'web', word], svcmgrCommands);
      expect(findCommand(svcmgrCommands, words), word).toBeDefined();
    }
  });

  test('what a command reads after -- stays where it is', () => {
    expect(normaliseSelector(['web', 'set', '--', '--x'], svcmgrCommands)).toEqual([
      'set',
      '--service',
      'web',
      '--',
      '--x',
    ]);
  });

  test('every option with a value that may stand before the command is known', async () => {
    const valued = new Set<string>();
    for (const entry of svcmgrCommands) {
      const command = (await entry.load()).default as Command;
      for (const [name, { type }] of Object.entries(optionsOf(command))) {
        if (type !== 'boolean') valued.add(name);
        else expect(valuedOptions, `${entry.words} --${name}`).not.toContain(name);
      }
    }
    expect([...valued].filter((name) => !valuedOptions.includes(name))).toEqual([]);
  });
});

describe('filters', () => {
  test('--status, --state: words of statuses, also `na`; another word is a usage error', async () => {
    const svcmgr = at(services());
    expect((await svcmgr('ls', '--status', 'undef')).stdout).toBe('db\ntest/svc/web\nweb\n');
    expect(await svcmgr('ls', '--status', 'up,stdby up')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await svcmgr('db', 'ls', '--state', 'na,undef')).stdout).toBe('db\n');
    expect((await svcmgr('ls', '--state', 'dwon')).stderr).toContain("--state: 'dwon'");
    expect(await svcmgr('ls', '--status', 'dwon')).toEqual({
      code: 2,
      stdout: '',
      stderr: "svcmgr: --status: 'dwon' is no status\n  did you mean 'down'?\n",
    });
    expect(await svcmgr('run', '--status', 'down')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no service matches --status 'down'"),
    });
  });

  test('--status selects by what was last known', async () => {
    const root = createRoot({
      'one.conf': '[fs#1]\ntype = flag\n',
      'two.conf': '[fs#1]\ntype = flag\n',
      'three.conf': '[fs#1]\ntype = flag\n',
    });
    const svcmgr = at(root);
    expect((await svcmgr('one', 'start')).code).toBe(0);
    expect((await svcmgr('two', 'stop')).code).toBe(0);
    const of = async (...argv: string[]): Promise<string[]> =>
      lines((await svcmgr(...argv, 'ls')).stdout);
    expect(await of('--status', 'up')).toEqual(['one']);
    expect(await of('--status', 'down')).toEqual(['two']);
    expect(await of('--state', 'up,down')).toEqual(['one', 'two']);
    expect(await of('--status', 'undef')).toEqual(['three']);
    expect(await of('t*', '--status', 'up')).toEqual([]);
    expect(await of('fs:', '--status', 'up,undef')).toEqual(['one', 'three']);
  });

  test('--onlyprimary and --onlysecondary: what this node starts at boot', async () => {
    const { hostname } = await import('node:os');
    const root = createRoot({
      'one.conf': `[DEFAULT]\nautostart_node = other ${hostname().toUpperCase()}\n`,
      'two.conf': '[DEFAULT]\nautostart_node = other\n',
      'three.conf': '[DEFAULT]\n',
    });
    const svcmgr = at(root);
    expect((await svcmgr('ls', '--onlyprimary')).stdout).toBe('one\n');
    expect((await svcmgr('ls', '--onlysecondary')).stdout).toBe('three\ntwo\n');
    expect(await svcmgr('ls', '--onlyprimary', '--onlysecondary')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exclude each other'),
    });
    chmodSync(join(root.paths.etc, 'two.conf'), 0o666);
    expect(await svcmgr('ls', '--onlysecondary')).toMatchObject({
      code: 1,
      stdout: 'three\n',
      stderr: expect.stringMatching(/^svcmgr: two is left out: /),
    });
  });

  test('by priority, then path', async () => {
    const root = createRoot({
      'a.conf': '[DEFAULT]\n',
      'b.conf': '[DEFAULT]\npriority = 3\n',
      'c.conf': '[DEFAULT]\npriority = 2\n',
    });
    expect((await at(root)('ls')).stdout).toBe('c\nb\na\n');
  });
});

describe('empty results', () => {
  test('no service is installed: ls and what machines call say nothing, others how to go on', async () => {
    const svcmgr = at(createRoot());
    for (const words of [['ls'], ['print', 'schedule'], ['scheduler']]) {
      expect(await svcmgr(...words), words.join(' ')).toMatchObject({ code: 0, stderr: '' });
    }
    for (const words of [['validate', 'config'], ['run'], ['set', 'app=x']]) {
      const { code, stderr } = await svcmgr(...words);
      expect({ code, words }).toEqual({ code: 1, words });
      expect(stderr).toMatch(/no service is installed\n.*-s SELECTOR.*--status/);
    }
  });

  test('an expression without a match: ls says nothing, others name it', async () => {
    const svcmgr = at(services());
    expect(await svcmgr('app=nope', 'ls')).toEqual({ code: 0, stdout: '', stderr: '' });
    for (const words of [['print', 'schedule'], ['run'], ['validate', 'config']]) {
      expect(await svcmgr('app=nope', ...words)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^svcmgr: no service matches 'app=nope'\n/),
      });
    }
  });

  test('each missing name has its line, those that exist are acted on, exit 1', async () => {
    const root = services();
    const svcmgr = at(root);
    expect(await svcmgr('nope,db,wbe', 'set', 'app=new')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'svcmgr: nope: service does not exist\nsvcmgr: wbe: service does not exist\n',
    });
    expect(readFileSync(join(root.paths.etc, 'db.conf'), 'utf8')).toContain('app = new');
    expect(await svcmgr('nope,wbe', 'ls')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'svcmgr: nope: service does not exist\nsvcmgr: wbe: service does not exist\n' +
        '  did you mean web?\n',
    });
    const json = await svcmgr('nope', 'ls', '--format', 'json');
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'E_NO_SERVICE', exitCode: 1 } });
  });

  test.each([
    ['web,+', 2],
    ['env!=PRD', 2],
    ['comment~(', 2],
    ['ns/web', 2],
    ['we b', 2],
  ])('the selector "%s" ends with %i and a remedy, never a stack', async (selector, exit) => {
    const { code, stdout, stderr } = await at(services())(selector, 'ls');
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toMatch(/^svcmgr: .*\n {2}\S/);
    expect(stderr).not.toMatch(/this is a bug|\n +at /);
  });

  test('commands about one service say how many were selected', async () => {
    expect(await at(services())('w*', 'edit', 'config')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("works on one service, 'w*' selects 2"),
    });
    expect(existsSync(join(services().paths.etc, 'web.conf.edit'))).toBe(false);
  });

  test('a bad namespace is a usage error', async () => {
    expect(await at(services())('ls', '--namespace', 'a/b')).toMatchObject({ code: 2 });
    expect(await at(services())('ls', '--namespace', 'a b')).toMatchObject({ code: 2 });
  });
});

test('old words do what the new ones do', async () => {
  const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
  const svcmgr = at(root);
  expect((await svcmgr('web', 'mount')).stdout).toContain('fs#1 create');
  const { stdout, code } = await svcmgr('web', 'json_status');
  expect({ code, avail: (JSON.parse(stdout) as { avail: string }).avail }).toEqual({
    code: 0,
    avail: 'up',
  });
  expect((await svcmgr('web', 'umount')).stdout).toContain('fs#1 remove');
  expect((await svcmgr('web', 'syncall')).code).toBe(0);
  expect(await svcmgr('web', 'syncal')).toMatchObject({ code: 2, stdout: '' });
});
