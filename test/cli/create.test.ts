/** Making, changing and removing services: create, update, set, unset, get, enable, disable, delete, print and edit config. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lacks } from '../support/can.js';
import { type ProgramResult, runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram, shell } from './edge.js';

type Svcmgr = (argv: readonly string[], input?: string) => Promise<ProgramResult>;

const at =
  (root: TestRoot, env?: Record<string, string>): Svcmgr =>
  (argv, input) =>
    runProgram('svcmgr', argv, {
      root: root.directory,
      ...(input !== undefined && { input }),
      ...(env && { env }),
    });
const done = { code: 0, stdout: '', stderr: '' };
const conf = (root: TestRoot, name: string): string =>
  readFileSync(join(root.paths.etc, `${name}.conf`), 'utf8');
const withoutId = (text: string): string => text.replace(/^id = [0-9a-f-]{36}\n/m, '');

describe('create', () => {
  test('from nothing: an id, the launcher directory, and a link that is svcmgr for it', async () => {
    const root = createRoot();
    const svcmgr = at(root);
    expect(await svcmgr(['-s', 'web', 'create'])).toEqual(done);
    expect(conf(root, 'web')).toMatch(/^\[DEFAULT\]\nid = [0-9a-f-]{36}\n$/);
    expect(statSync(join(root.paths.etc, 'web.conf')).mode & 0o777).toBe(0o600);
    expect(statSync(join(root.paths.etc, 'web.d')).isDirectory()).toBe(true);
    const link = join(root.paths.etc, 'web');
    expect(readlinkSync(link)).toBe(distProgram('svcmgr'));
    const { stdout } = await shell(`PATH=$(dirname "$NODE"):$PATH ${link} ls`, {
      root: root.directory,
    });
    expect(stdout).toBe('web\n');
    expect(await svcmgr(['-s', 'web', 'create'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('web: service exists already'),
    });
    expect(await svcmgr(['ls'])).toMatchObject({ stdout: 'web\n' });
  });

  test('in a namespace, by path, option or variable', async () => {
    const root = createRoot();
    expect(await at(root)(['-s', 'aa/svc/web', 'create'])).toEqual(done);
    expect(await at(root)(['--namespace', 'bb', '-s', 'web', 'create'])).toEqual(done);
    expect(await at(root, { OSVC_NAMESPACE: 'cc' })(['web', 'create'])).toEqual(done);
    expect((await at(root)(['ls'])).stdout).toBe('aa/svc/web\nbb/svc/web\ncc/svc/web\n');
    const directory = join(root.paths.etc, 'namespaces', 'cc', 'svc');
    expect(readdirSync(directory).sort()).toEqual(['web', 'web.conf', 'web.d']);
  });

  test('what is in the way of the link stays', async () => {
    const root = createRoot();
    writeFileSync(join(root.paths.etc, 'web'), 'mine');
    expect(await at(root)(['-s', 'web', 'create'])).toEqual(done);
    expect(readFileSync(join(root.paths.etc, 'web'), 'utf8')).toBe('mine');
    expect(await at(root)(['-s', 'web', 'delete'])).toEqual(done);
    expect(readdirSync(root.paths.etc)).toEqual(['web']);
  });

  test('--kw with operators, --resource by type and by rid, --env, one after the other', async () => {
    const root = createRoot();
    expect(
      await at(root)([
        ...['-s', 'web', 'create', '--kw', 'app=shop', '--kw', 'nodes+=n1', '--kw', 'nodes+=n2'],
        ...['--resource', '{"rtype":"fs","type":"flag","tags":["a","b"],"optional":true}'],
        ...['--resource', '[{"rtype":"fs","type":"flag"},{"rid":"fs#x","type":"flag"}]'],
        ...['--resource', '{"rtype":"DEFAULT","priority":5,"comment":null}'],
        ...['--resource', '{"rtype":"env","size":1.5}'],
        ...['--env', 'port=80', '--env', 'Text=a = b'],
        ...['--kw', 'fs#0.restart=2', '--kw', 'fs.monitor=true', '--kw', 'fs#0.tags[0]+=first'],
      ]),
    ).toEqual(done);
    expect(withoutId(conf(root, 'web'))).toBe(`[DEFAULT]
priority = 5
app = shop
nodes = n1 n2

[fs#0]
type = flag
tags = first a b
optional = true
restart = 2
monitor = true

[fs#1]
type = flag
monitor = true

[fs#x]
type = flag
monitor = true

[env]
size = 1.5
port = 80
Text = a = b
`);
  });

  test('--config: a file as it is, JSON as print config writes it, standard input, an address', async () => {
    const root = createRoot();
    const svcmgr = at(root);
    const text = '# kept\n[DEFAULT]\nid = mine\n[fs#1]\ntype = flag ; too\n';
    const source = join(root.directory, 'a file.conf');
    writeFileSync(source, text);
    expect(await svcmgr(['-s', 'one', 'create', '--config', source])).toEqual(done);
    expect(conf(root, 'one')).toBe(text);
    expect(
      await svcmgr(['-s', 'url', 'create', '--config', `file://${encodeURI(source)}`]),
    ).toEqual(done);
    const json = (await svcmgr(['one', 'print', 'config', '--format', 'json'])).stdout;
    expect(await svcmgr(['-s', 'two', 'create', '--config', '-'], json)).toEqual(done);
    expect(conf(root, 'two')).toBe('[DEFAULT]\nid = mine\n\n[fs#1]\ntype = flag\n');
    const list = '[{"rtype":"fs","type":"flag"},{"rtype":"fs","type":"flag"}]';
    expect(await svcmgr(['-s', 'three', 'create', '--config', '-'], list)).toEqual(done);
    expect(withoutId(conf(root, 'three'))).toBe(
      '[DEFAULT]\n\n[fs#0]\ntype = flag\n\n[fs#1]\ntype = flag\n',
    );

    const server = createServer((request, response) => {
      response.statusCode = request.url === '/web.conf' ? 200 : 404;
      response.end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await svcmgr(['-s', 'four', 'create', '--config', `${address}/web.conf`])).toEqual(done);
    expect(conf(root, 'four')).toBe(text);
    expect(await svcmgr(['-s', 'five', 'create', '--config', `${address}/nope`])).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('the server answers 404'),
    });
    expect(
      await svcmgr(['-s', 'five', 'create', '--config', 'http://127.0.0.1:1/x']),
    ).toMatchObject({ code: 69, stderr: expect.stringContaining('http://127.0.0.1:1/x: ') });
  });

  test('--template: an id of its own; values of [env] replaced', async () => {
    const root = createRoot();
    const template = join(root.directory, 'template');
    writeFileSync(
      template,
      '[DEFAULT]\nid = theirs\n[env]\nport = 80\nport.comment = The port\n[task#1]\ncommand = echo {env.port}\n',
    );
    const svcmgr = at(root);
    expect(
      await svcmgr(['-s', 'web', 'create', '--template', template, '--env', 'port=81']),
    ).toEqual(done);
    expect(conf(root, 'web')).toMatch(
      /^\[DEFAULT\]\nid = [0-9a-f-]{36}\n\[env\]\nport = 81\nport\.comment = The port\n/,
    );
    expect((await svcmgr(['web', 'get', '--eval', 'task#1.command'])).stdout).toBe('echo 81\n');
  });

  test('--interactive asks what is left, comments first; an empty answer takes the default', async () => {
    const root = createRoot();
    const template = join(root.directory, 'template');
    writeFileSync(
      template,
      '[env]\nport = 80\nport.comment = The port\nname = web\nsize = 1g\n[task#1]\ncommand = x\n',
    );
    const line = `"$NODE" ${distProgram('svcmgr')} -s web create --template ${template} --interactive --env size=2g`;
    const { stdout } = await shell(
      `printf '8080\\n\\n' | script -qec '${line}; echo "code $?"' /dev/null`,
      { root: root.directory },
    );
    expect(stdout).toContain('The port');
    expect(stdout.indexOf('The port')).toBeLessThan(stdout.indexOf('port [80] > '));
    expect(stdout).toContain('name [web] > ');
    expect(stdout).not.toContain('size [');
    expect(stdout).toContain('code 0');
    expect(conf(root, 'web')).toContain('port = 8080\n');
    expect(conf(root, 'web')).toContain('name = web\nsize = 2g\n');
  });

  test('--interactive left by the end of input makes nothing; without a terminal it is refused', async () => {
    const root = createRoot();
    const template = join(root.directory, 'template');
    writeFileSync(template, '[env]\nport = 80\n');
    const words = ['-s', 'web', 'create', '--template', template, '--interactive'];
    const line = `"$NODE" ${distProgram('svcmgr')} ${words.join(' ')}`;
    const { stdout } = await shell(
      `printf '\\004' | script -qec '${line}; echo "code $?"' /dev/null`,
      { root: root.directory },
    );
    expect(stdout).toContain('the questions were left; nothing was made');
    expect(stdout).toContain('code 1');
    expect(await at(root)(words)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--interactive needs a terminal\n.*--env/),
    });
    expect(readdirSync(root.paths.etc)).toEqual([]);
  });

  test.each([
    { words: ['create'], code: 2, says: 'create makes one service' },
    { words: ['-s', 'a,b', 'create'], code: 2, says: "'a,b' is not one name" },
    { words: ['-s', 'w*', 'create'], code: 2, says: "'w*' is not one name" },
    { words: ['-s', 'web.conf', 'create'], code: 2, says: 'ends like a file' },
    { words: ['-s', 'namespaces', 'create'], code: 2, says: 'is reserved' },
    { words: ['-s', 'web', 'create', '--kw', 'app'], code: 2, says: 'is not an assignment' },
    { words: ['-s', 'web', 'create', '--kw', '.=x'], code: 2, says: 'is not a parameter' },
    {
      words: ['-s', 'web', 'create', '--kw', 'fs.mnt=x'],
      code: 1,
      says: 'no resource of group fs',
    },
    { words: ['-s', 'web', 'create', '--env', 'x'], code: 2, says: '--env: "x"' },
    { words: ['-s', 'web', 'create', '--resource', '{'], code: 2, says: 'is no JSON' },
    { words: ['-s', 'web', 'create', '--resource', '7'], code: 2, says: 'is no resource' },
    {
      words: ['-s', 'web', 'create', '--resource', '{"rtype":"fs"}'],
      code: 2,
      says: 'fs#0 has no keyword',
    },
    {
      words: ['-s', 'web', 'create', '--resource', '{"type":"flag"}'],
      code: 2,
      says: 'needs a "rid"',
    },
    {
      words: ['-s', 'web', 'create', '--resource', '{"rtype":"fss"}'],
      code: 2,
      says: 'there is no group fss\n  did you mean fs?',
    },
    {
      words: ['-s', 'web', 'create', '--resource', '{"rid":"fs#1","type":{"a":1}}'],
      code: 2,
      says: 'fs#1.type: {"a":1} is no value',
    },
    {
      words: ['-s', 'web', 'create', '--resource', '{"rid":"fs#1","a=b":"x"}'],
      code: 78,
      says: 'the file format cannot hold this',
    },
    {
      words: ['-s', 'web', 'create', '--resource', '{"rtype":"fs","type":"nope"}'],
      code: 78,
      says: 'there is no driver fs.nope',
    },
    {
      words: ['-s', 'web', 'create', '--kw', 'priority=x'],
      code: 78,
      says: '"x" is not an integer',
    },
    {
      words: ['-s', 'web', 'create', '--config', '/nowhere'],
      code: 1,
      says: '/nowhere does not exist',
    },
    { words: ['-s', 'web', 'create', '--config', '/'], code: 1, says: '/ cannot be read' },
    {
      words: ['-s', 'web', 'create', '--config', 'a', '--template', 'b'],
      code: 2,
      says: 'exclude each other',
    },
  ])('$words: exit $code, "$says"', async ({ words, code, says }) => {
    const root = createRoot();
    const result = await at(root)(words);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
    expect(result.stderr).toContain(says);
    expect(result.stderr).not.toMatch(/this is a bug|\n +at /);
    expect(readdirSync(root.paths.etc)).toEqual([]);
  });

  test('JSON that is no configuration', async () => {
    const svcmgr = at(createRoot());
    for (const [input, says] of [
      ['{"fs#1":7}', 'fs#1: 7 is no section'],
      ['{"fs#1":{"a":[[1]]}}', 'fs#1.a: [1] is no value'],
      ['{', 'is no JSON'],
    ] as const) {
      const { code, stderr } = await svcmgr(['-s', 'web', 'create', '--config', '-'], input);
      expect({ code, input }).toEqual({ code: 2, input });
      expect(stderr).toContain(says);
    }
  });

  test('what is odd is noted and made all the same', async () => {
    const root = createRoot();
    const { code, stderr } = await at(root)(['-s', 'web', 'create', '--kw', 'prioritty=5']);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /web\.conf:3: warning: .*unknown to DEFAULT \(did you mean priority\?\)/,
    );
  });
});

describe('update', () => {
  test('allocates from 1, merges into what is there', async () => {
    const root = createRoot({ 'web.conf': '# mine\n[fs#2]\ntype = flag\ntags = a\n' });
    expect(
      await at(root)([
        ...['web', 'update', '--resource', '{"rtype":"fs","type":"flag"}'],
        ...[
          '--resource',
          '{"rtype":"fs","type":"flag"}',
          '--resource',
          '{"rid":"fs#2","tags":"b"}',
        ],
      ]),
    ).toEqual(done);
    expect(conf(root, 'web')).toBe(
      '# mine\n[fs#2]\ntype = flag\ntags = b\n\n[fs#1]\ntype = flag\n\n[fs#3]\ntype = flag\n',
    );
    expect(await at(root)(['web', 'update'])).toMatchObject({ code: 2 });
    expect(await at(root)(['nope', 'update', '--resource', '{}'])).toMatchObject({ code: 1 });
  });
});

describe('set', () => {
  const file =
    '[DEFAULT]\nnodes = n1 n2\n[env]\n[fs#1]\ntype = flag\n[fs#1.x]\ntype = flag\ntags = a\n';

  test.each([
    { words: ['app=shop'], says: /^nodes = n1 n2\napp = shop$/m },
    { words: ['nodes+=n3'], says: /^nodes = n1 n2 n3$/m },
    { words: ['nodes[0]+=n0'], says: /^nodes = n0 n1 n2$/m },
    { words: ['nodes[-1]+=n0'], says: /^nodes = n1 n0 n2$/m },
    { words: ['nodes[9]+=n3'], says: /^nodes = n1 n2 n3$/m },
    { words: ['nodes|=n1'], says: /^nodes = n1 n2$/m },
    { words: ['nodes|=n3'], says: /^nodes = n1 n2 n3$/m },
    { words: ['nodes-=n1'], says: /^nodes = n2$/m },
    { words: ['nodes-=n9'], says: /^nodes = n1 n2$/m },
    { words: ['nodes-=n1', 'nodes-=n2'], says: /^nodes = ""$/m },
    { words: ['nodes[0]=n7'], says: /^nodes = n7 n2$/m },
    { words: ['nodes[-1]=n7'], says: /^nodes = n1 n7$/m },
    { words: ['--kw', 'nodes@n1=n1', '--kw', 'nodes@n1+=n4'], says: /^nodes@n1 = n1 n4$/m },
    {
      words: ['fs.tags|=b'],
      says: /\[fs#1\]\ntype = flag\ntags = b\n\[fs#1\.x\][^[]*tags = a b\n/,
    },
    { words: ['fs#1.x.tags=c'], says: /\[fs#1\.x\]\ntype = flag\ntags = c\n/ },
    { words: ['fs#1.tags@a.b.c=d'], says: /\[fs#1\]\ntype = flag\ntags@a\.b\.c = d\n/ },
    { words: ['fs#7.y.type=flag'], says: /\n\[fs#7\.y\]\ntype = flag\n$/ },
    { words: ['env.a.comment=text = x'], says: /\[env\]\na\.comment = text = x\n/ },
    { words: ['labels.x=y'], says: /\n\[labels\]\nx = y\n$/ },
    { words: ['comment='], says: /^comment = ""$/m },
    { words: ['--param', 'comment', '--value', 'a b'], says: /^comment = a b$/m },
    { words: ['--param', 'nodes', '--add', 'n3', '--index', '0'], says: /^nodes = n3 n1 n2$/m },
    { words: ['--param', 'nodes', '--remove', 'n1'], says: /^nodes = n2$/m },
  ])('$words', async ({ words, says }) => {
    const root = createRoot({ 'web.conf': file });
    expect(await at(root)(['web', 'set', ...words])).toEqual(done);
    expect(conf(root, 'web')).toMatch(says);
  });

  test.each([
    { words: [], code: 2, says: 'nothing to set' },
    { words: ['x'], code: 2, says: '"x" is not an assignment' },
    { words: ['=x'], code: 2, says: '"=x" is not an assignment' },
    { words: ['fs#1.=x'], code: 2, says: '"fs#1." is not a parameter' },
    { words: ['nodes[5]=x'], code: 1, says: 'it has 2 words, none 5' },
    { words: ['nodes[0]-=n1'], code: 2, says: 'whatever its position' },
    { words: ['app.tags=x'], code: 1, says: 'there is no resource of group app' },
    { words: ['fs#1.restart=often'], code: 1, says: 'restart: "often" is not an integer' },
    { words: ['topology=flx'], code: 1, says: 'is not one of failover, flex' },
    { words: ['--param', 'x'], code: 2, says: '--param goes with' },
    { words: ['--value', 'x'], code: 2, says: '--param goes with' },
    { words: ['--param', 'x', '--add', 'y', '--index', 'z'], code: 2, says: '--index is a number' },
    { words: ['a b=c;d ; e'], code: 78, says: 'the file format cannot hold this' },
  ])('$words is refused: $says', async ({ words, code, says }) => {
    const root = createRoot({ 'web.conf': file });
    const result = await at(root)(['web', 'set', ...words]);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
    expect(result.stderr).toContain(says);
    expect(result.stderr).not.toMatch(/this is a bug|\n +at /);
    expect(conf(root, 'web')).toBe(file);
  });

  test('a keyword that nothing knows is noted; --force writes what is wrong', async () => {
    const root = createRoot({ 'web.conf': file });
    const svcmgr = at(root);
    const odd = await svcmgr(['web', 'set', 'fs#1.tgas=x']);
    expect(odd).toMatchObject({ code: 0, stdout: '' });
    expect(odd.stderr).toMatch(/warning: .*unknown to driver fs\.flag \(did you mean tags\?\)/);
    const forced = await svcmgr(['web', 'set', 'priority=x', '--force']);
    expect(forced).toMatchObject({ code: 0, stderr: expect.stringContaining('error: ') });
    expect(conf(root, 'web')).toContain('priority = x');
  });

  test('all services are checked before the first is written', async () => {
    const root = createRoot({
      'a.conf': '[fs#1]\ntype = flag\n',
      'b.conf': '[task#1]\ncommand = x\n',
    });
    expect(await at(root)(['*', 'set', 'fs.tags=x'])).toMatchObject({ code: 1 });
    expect(conf(root, 'a')).toBe('[fs#1]\ntype = flag\n');
  });

  test('the same value leaves the file alone', async () => {
    const root = createRoot({ 'web.conf': file });
    const path = join(root.paths.etc, 'web.conf');
    const before = statSync(path, { bigint: true });
    for (const word of ['nodes=n1 n2', 'nodes|=n1', 'nodes-=n9']) {
      expect(await at(root)(['web', 'set', word])).toEqual(done);
    }
    expect(await at(root)(['web', 'set', 'nodes=n9', '-n'])).toEqual(done);
    expect(statSync(path, { bigint: true })).toMatchObject({
      ino: before.ino,
      mtimeNs: before.mtimeNs,
    });
  });
});

describe('unset and get', () => {
  const file =
    '[DEFAULT]\nservice_type = TST\nrestart = 2\n[fs#1]\ntype = flag\ntags = a\ntags@n2 = b\n[fs#1.x]\ntype = flag\ntags = c\n[task#1]\ncommand = x\n[env]\na.b = c\n';

  test('unset: one, several, of a group, scoped, with dots', async () => {
    const root = createRoot({ 'web.conf': file });
    const svcmgr = at(root);
    expect(await svcmgr(['web', 'unset', 'fs#1.tags@n2', 'env.a.b'])).toEqual(done);
    expect(conf(root, 'web')).not.toMatch(/tags@n2|a\.b/);
    expect(await svcmgr(['web', 'unset', '--kw', 'fs.tags'])).toEqual(done);
    expect(conf(root, 'web')).not.toContain('tags');
    for (const [word, says] of [
      ['fs#1.tags', 'fs#1.tags is not set in'],
      ['fs#9.tags', 'fs#9.tags is not set in'],
      ['task#1', "to remove the section: svcmgr -s web delete --rid 'task#1'"],
      ['task#1.command', 'driver task.host requires it'],
    ] as const) {
      const { code, stderr } = await svcmgr(['web', 'unset', word]);
      expect({ code, word }).toEqual({ code: 1, word });
      expect(stderr).toContain(says);
    }
    expect(await svcmgr(['web', 'unset'])).toMatchObject({ code: 2 });
    expect((await svcmgr(['web', 'unset', 'task#1.command', '--force'])).code).toBe(0);
  });

  test.each([
    { words: ['fs#1.x.tags'], says: 'c\n' },
    { words: ['FS.x'], code: 1 },
    { words: ['fs#1.tags@n2'], says: 'b\n' },
    { words: ['env.a.b'], says: 'c\n' },
    { words: ['env'], says: 'TST\n', why: 'written by its old name' },
    { words: ['service_type'], says: 'TST\n' },
    { words: ['--eval', 'env'], says: 'TST\n' },
    { words: ['fs#1.restart'], code: 1, why: 'the raw value is that of the section' },
    { words: ['--eval', 'fs#1.restart'], says: '2\n' },
    { words: ['--eval', 'priority'], says: '100\n', why: 'a default' },
    { words: ['priority'], code: 1 },
    { words: ['--eval', '--impersonate', 'n2', 'fs#1.tags'], says: 'b\n' },
    { words: ['--impersonate', 'n2', 'fs#1.tags'], code: 2 },
    { words: ['fs#9.tags'], code: 1 },
    { words: [''], code: 2 },
    { words: ['--param', 'fs#1.type'], says: 'flag\n' },
  ])('get $words', async ({ words, says, code = 0 }) => {
    const root = createRoot({ 'web.conf': file });
    const result = await at(root)(['web', 'get', ...words]);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: says ?? '' });
    if (code) expect(result.stderr).toMatch(/^svcmgr: /);
  });
});

describe('enable and disable', () => {
  const file =
    '[DEFAULT]\nnodes = n1\n[fs#1]\ntype = flag\ndisable = false\ndisable@n1 = no\ntags = a\n[fs#2]\ntype = flag\nsubset = g\n[task#1]\ncommand = x\nenable_on = n1\n';

  test('resources: the keyword is written and removed, what contradicts goes', async () => {
    const root = createRoot({ 'web.conf': file });
    const svcmgr = at(root);
    expect(await svcmgr(['web', 'disable', '--rid', 'fs#1,task'])).toEqual(done);
    expect(conf(root, 'web')).toBe(
      '[DEFAULT]\nnodes = n1\n[fs#1]\ntype = flag\ndisable = true\ntags = a\n[fs#2]\ntype = flag\nsubset = g\n[task#1]\ncommand = x\ndisable = true\n',
    );
    expect(await svcmgr(['web', 'enable', '--tags', 'a'])).toEqual(done);
    expect(await svcmgr(['web', 'disable', '--subsets', 'g'])).toEqual(done);
    expect(await svcmgr(['web', 'enable', '--rid', 'task.host'])).toEqual(done);
    expect(conf(root, 'web')).toBe(
      '[DEFAULT]\nnodes = n1\n[fs#1]\ntype = flag\ntags = a\n[fs#2]\ntype = flag\nsubset = g\ndisable = true\n[task#1]\ncommand = x\n',
    );
    expect(await svcmgr(['web', 'disable', '--rid', 'app#1'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no resource selected by --rid/--tags/--subsets'),
    });
  });

  test('a whole service: DEFAULT, and explicit `disable = false` of its resources', async () => {
    const root = createRoot({ 'web.conf': file });
    const svcmgr = at(root);
    expect(await svcmgr(['web', 'disable', '--dry-run'])).toEqual(done);
    expect(conf(root, 'web')).toBe(file);
    expect(await svcmgr(['web', 'disable'])).toEqual(done);
    expect(conf(root, 'web')).toBe(
      '[DEFAULT]\nnodes = n1\ndisable = true\n[fs#1]\ntype = flag\ntags = a\n[fs#2]\ntype = flag\nsubset = g\n[task#1]\ncommand = x\nenable_on = n1\n',
    );
    expect((await svcmgr(['print', 'schedule'])).stdout).not.toContain('task#1');
    expect(await svcmgr(['web', 'enable'])).toEqual(done);
    expect(conf(root, 'web')).not.toContain('disable');
    const before = statSync(join(root.paths.etc, 'web.conf'), { bigint: true });
    expect(await svcmgr(['web', 'enable'])).toEqual(done);
    expect(statSync(join(root.paths.etc, 'web.conf'), { bigint: true }).mtimeNs).toBe(
      before.mtimeNs,
    );
  });
});

describe('delete', () => {
  test('what is up is deleted all the same, and said to go on', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    const svcmgr = at(root);
    await svcmgr(['web', 'start']);
    const { code, stderr } = await svcmgr(['web', 'delete']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'web: it was up; what it started goes on without it\n',
    });
  });

  test('the whole service with its link, launchers, state and logs; others stay', async () => {
    const root = createRoot();
    const svcmgr = at(root);
    for (const name of ['web', 'web2']) {
      expect(await svcmgr(['-s', name, 'create', '--kw', 'task#1.command=/bin/true'])).toEqual(
        done,
      );
      expect((await svcmgr([name, 'run'])).code).toBe(0);
    }
    const { etc, log, var: state } = root.paths;
    mkdirSync(join(etc, 'web.dir'));
    symlinkSync('/tmp', join(etc, 'web.d', 'elsewhere'));
    writeFileSync(join(etc, 'web.conf.edit'), '');
    mkdirSync(join(state, 'svc', 'web', 'fs#1'), { recursive: true });
    mkdirSync(log, { recursive: true });
    for (const name of ['web.log.1', 'web.log.2.gz', 'web.debug.log', 'web2.log.1']) {
      writeFileSync(join(log, name), '');
    }
    const plan = (await svcmgr(['web', 'delete', '-n'])).stdout.split('\n').filter(Boolean);
    expect(plan.map((line) => line.replace(`remove ${root.directory}`, ''))).toEqual(
      expect.arrayContaining([
        ...['/etc/web', '/etc/web.d', '/etc/web.dir', '/etc/web.conf.edit', '/etc/web.conf'],
        ...['/var/svc/web', '/log/web.log.1', '/log/web.log.2.gz', '/log/web.debug.log'],
      ]),
    );
    expect(await svcmgr(['web', 'delete'])).toEqual(done);
    expect(readdirSync(etc).sort()).toEqual(['web2', 'web2.conf', 'web2.d']);
    expect(readdirSync(log).filter((name) => /^web\./.test(name))).toEqual([]);
    expect(existsSync(join(log, 'web2.log.1'))).toBe(true);
    expect(existsSync(join(state, 'svc', 'web'))).toBe(false);
    expect(existsSync('/tmp')).toBe(true);
    // One with the same name is another service: nothing is left of the last runs of the old one.
    expect(await svcmgr(['-s', 'web', 'create', '--kw', 'task#1.command=/bin/true'])).toEqual(done);
    const rows = JSON.parse((await svcmgr(['print', 'schedule', '--format', 'json'])).stdout) as {
      object: string;
      action: string;
      last_run: string | null;
    }[];
    const last = (object: string): string | null | undefined =>
      rows.find((row) => row.object === object && row.action === 'task#1')?.last_run;
    expect([last('web'), typeof last('web2')]).toEqual([null, 'string']);
    expect(await svcmgr(['delete'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("'*'"),
    });
    expect(await svcmgr(['*', 'delete'])).toEqual(done);
    expect(readdirSync(etc)).toEqual([]);
  });

  test('--rid removes sections, none when one of them is not there', async () => {
    const file = '[DEFAULT]\napp = x\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\n[env]\na = b\n';
    const root = createRoot({ 'web.conf': file });
    const svcmgr = at(root);
    expect(await svcmgr(['web', 'delete', '--rid', 'fs#1,fs#7'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'no section fs#7 to delete\n  its sections are fs#1, fs#2, env',
      ),
    });
    expect(await svcmgr(['web', 'delete', '--rid', 'DEFAULT'])).toMatchObject({ code: 1 });
    expect(await svcmgr(['web', 'delete', '--rid', 'fs#1', '--dry-run'])).toEqual(done);
    expect(conf(root, 'web')).toBe(file);
    expect(await svcmgr(['web', 'delete', '--rid', 'fs#1'])).toEqual(done);
    expect(conf(root, 'web')).toBe(file.replace('[fs#1]\ntype = flag\n', ''));
    expect(await svcmgr(['web', 'delete', '--rid', 'fs,env'])).toEqual(done);
    expect(conf(root, 'web')).toBe('[DEFAULT]\napp = x\n');
  });
});

describe('print config', () => {
  const file =
    '[DEFAULT]\nnodes = n1 n2\ncomment@n2 = other\ncomment = {svcname}\n[task#1]\ncommand = echo {comment}\nping_url = https://x/SECRET\n[env]\na = {nodename}\n';

  test('json is the raw file; --eval what counts, --impersonate elsewhere; secrets stay masked', async () => {
    const root = createRoot({ 'web.conf': file });
    const svcmgr = at(root);
    const json = async (...words: string[]): Promise<unknown> =>
      JSON.parse((await svcmgr(['web', 'print', 'config', '--format', 'json', ...words])).stdout);
    expect(await json()).toEqual({
      schema: 'nodemgr.config.1',
      DEFAULT: { nodes: 'n1 n2', 'comment@n2': 'other', comment: '{svcname}' },
      'task#1': { command: 'echo {comment}', ping_url: '*****' },
      env: { a: '{nodename}' },
    });
    expect(await json('--eval', '--impersonate', 'n2')).toMatchObject({
      DEFAULT: { nodes: 'n1 n2' },
      'task#1': { command: 'echo other', ping_url: '*****' },
      env: { a: 'n2' },
    });
    expect(await json('--eval', '--force')).toMatchObject({
      DEFAULT: { comment: 'web' },
      'task#1': { ping_url: 'https://x/SECRET' },
    });
    expect((await svcmgr(['web', 'print', 'config', '--eval'])).stdout).toContain(
      '[task#1]\ncommand = echo web\nping_url = *****\n',
    );
    expect(await svcmgr(['web', 'print', 'config', '--impersonate', 'n2'])).toMatchObject({
      code: 2,
    });
  });

  test('a file that must not be used is shown, and not evaluated', async () => {
    const root = createRoot({ 'web.conf': file });
    chmodSync(join(root.paths.etc, 'web.conf'), 0o666);
    const svcmgr = at(root);
    expect((await svcmgr(['web', 'print', 'config', '--force'])).stdout).toBe(file);
    expect(await svcmgr(['web', 'print', 'config', '--eval'])).toMatchObject({
      code: 78,
      stdout: '',
    });
  });

  test('what cannot be evaluated names its place', async () => {
    const root = createRoot({ 'web.conf': '[DEFAULT]\n[fs#1]\ntype = flag\ntags = {nope}\n' });
    expect(await at(root)(['web', 'print', 'config', '--eval'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('line 4: [fs#1] tags: {nope}: there is no such section'),
    });
  });

  test('mtime: seconds since 1970, also as one word', async () => {
    const root = createRoot({ 'web.conf': file });
    utimesSync(join(root.paths.etc, 'web.conf'), 1_492_855_200, 1_492_855_200.5);
    for (const words of [
      ['print', 'config', 'mtime'],
      ['print_config', 'mtime'],
      ['print_config_mtime'],
    ]) {
      expect(await at(root)(['web', ...words])).toEqual({ ...done, stdout: '1492855200.5\n' });
    }
    expect(await at(root)(['web', 'print', 'config', 'mtme'])).toMatchObject({ code: 2 });
  });

  test('in colours the text is the same', async () => {
    const root = createRoot({ 'web.conf': `${file}; {comment}\n[broken\n  x\n` });
    const { stdout } = await at(root)(['web', 'print', 'config', '--color', 'always', '--force']);
    const esc = String.fromCharCode(27);
    const codes = new RegExp(`${esc}\\[[0-9;]*m`, 'g');
    expect(stdout.replace(codes, '')).toBe(`${file}; {comment}\n[broken\n  x\n`);
    expect(stdout).toContain(`${esc}[33m[DEFAULT]${esc}[39m`);
    expect(stdout).toContain(`${esc}[94mcomment${esc}[39m${esc}[31m@n2${esc}[39m`);
    expect(stdout).toContain(`${esc}[32m{svcname}${esc}[39m`);
  });
});

describe('edit config', () => {
  const editor = (root: TestRoot, script: string): Record<string, string> => {
    const path = join(root.directory, 'editor');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { EDITOR: path };
  };

  test('an unfinished edit shows what it would change', async () => {
    const root = createRoot({ 'web.conf': '[DEFAULT]\npriority = 1\n' });
    const bad = editor(root, 'sed -i s/1/x/ "$1"');
    expect((await at(root, bad)(['web', 'edit', 'config'])).code).toBe(78);
    const pending = await at(root, editor(root, 'exit 9'))(['web', 'edit', 'config']);
    expect(pending.code).toBe(1);
    expect(pending.stderr).toContain('-priority = 1\n+priority = x\n');
    expect(pending.stderr).toMatch(/--recover.*--discard/);
    expect(
      await at(root, editor(root, 'exit 9'))(['web', 'edit', 'config', '--recover', '--discard']),
    ).toMatchObject({ code: 2 });
  });

  test('a change by somebody else meanwhile is not lost', async () => {
    const root = createRoot({ 'web.conf': '[DEFAULT]\npriority = 1\n' });
    const path = join(root.paths.etc, 'web.conf');
    const script = `echo 'comment = mine' >> "$1"; echo 'app = theirs' >> ${path}`;
    const conflict = await at(root, editor(root, script))(['web', 'edit', 'config']);
    expect(conflict).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was changed by somebody else meanwhile'),
    });
    expect(conf(root, 'web')).toBe('[DEFAULT]\npriority = 1\napp = theirs\n');
    expect(readFileSync(`${path}.edit`, 'utf8')).toContain('comment = mine');
    const both = editor(root, `printf '[DEFAULT]\\napp = both\\n' > "$1"`);
    expect(await at(root, both)(['web', 'edit', 'config', '--recover'])).toEqual(done);
    expect(conf(root, 'web')).toBe('[DEFAULT]\napp = both\n');
    expect(lstatSync(path).isFile()).toBe(true);
  });
});

test('a source that is not UTF-8 is refused: what cannot be read would be lost', async () => {
  const root = createRoot();
  const source = join(root.directory, 'latin.conf');
  writeFileSync(source, Buffer.from('[DEFAULT]\ncomment = caf\xe9\n', 'latin1'));
  expect(await at(root)(['-s', 'web', 'create', '--config', source])).toMatchObject({
    code: 78,
    stderr: `svcmgr: ${source} is not UTF-8\n  convert it: iconv -f latin1 -t utf8\n`,
  });
  expect(existsSync(join(root.paths.etc, 'web.conf'))).toBe(false);
});

test.skipIf(lacks('root'))('as a user who may not write, every change says so', async () => {
  const root = createRoot({ 'web.conf': '[DEFAULT]\napp = x\n' });
  chmodSync(root.paths.etc, 0o755);
  const { stderr, code } = await shell(
    `chmod 755 "$NODEMGR_ROOT" && setpriv --reuid 65534 --clear-groups "$NODE" ${distProgram('svcmgr')} -s new create`,
    { root: root.directory },
  );
  expect(code).toBe(77);
  expect(stderr).toMatch(/new\.conf: cannot be written\n {2}check the permissions/);
  const edit = await shell(
    `setpriv --reuid 65534 --clear-groups "$NODE" ${distProgram('svcmgr')} web edit config`,
    { root: root.directory },
  );
  expect(edit).toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/web\.conf: cannot be read\n {2}run the command as root\n/),
  });
  rmSync(root.paths.etc, { recursive: true });
  for (const words of ['set node.max_parallel=3', 'edit config']) {
    const first = await shell(
      `setpriv --reuid 65534 --clear-groups "$NODE" ${distProgram('nodemgr')} ${words}`,
      { root: root.directory },
    );
    expect(first).toMatchObject({
      code: 77,
      stderr: expect.stringMatching(/cannot be written\n {2}check the permissions/),
    });
  }
});

describe('provisioning along the way', () => {
  const loop = (root: TestRoot, name: string): string =>
    JSON.stringify({
      rtype: 'disk',
      type: 'loop',
      file: join(root.directory, `${name}.img`),
      size: '1m',
    });

  test.skipIf(lacks('loop'))(
    'create --provision, update --provision and delete --unprovision make and destroy',
    async () => {
      const root = createRoot();
      const svcmgr = at(root);
      onTestFinished(async () => {
        await svcmgr(['web', 'unprovision']);
      });
      const image = (name: string): boolean => existsSync(join(root.directory, `${name}.img`));
      const status = async (): Promise<string> =>
        (await svcmgr(['web', 'print', 'status', '--refresh'])).stdout;
      const made = await svcmgr([
        ...['-s', 'web', 'create', '--provision', '--resource', loop(root, 'a')],
      ]);
      expect(made.code, made.stderr).toBe(0);
      expect(image('a')).toBe(true);
      expect(await status()).toMatch(/disk#0 +\S+ +up/);
      const more = await svcmgr(['web', 'update', '--provision', '--resource', loop(root, 'b')]);
      expect(more.code, more.stderr).toBe(0);
      expect(image('b')).toBe(true);
      expect(await status()).toMatch(/disk#1 +\S+ +up/);

      expect((await svcmgr(['web', 'delete', '--rid', 'disk#9', '--unprovision'])).code).toBe(1);
      expect([image('a'), image('b')]).toEqual([true, true]);
      const plan = await svcmgr(['web', 'delete', '--unprovision', '--dry-run']);
      expect(plan.code).toBe(0);
      expect([image('a'), image('b')]).toEqual([true, true]);
      const scoped = await svcmgr(['web', 'delete', '--rid', 'disk#1', '--unprovision']);
      expect(scoped.code, scoped.stderr).toBe(0);
      expect([image('a'), image('b')]).toEqual([true, false]);
      expect(conf(root, 'web')).not.toContain('disk#1');
      const whole = await svcmgr(['web', 'delete', '--unprovision']);
      expect(whole.code, whole.stderr).toBe(0);
      expect(image('a')).toBe(false);
      expect(readdirSync(root.paths.etc)).toEqual([]);
    },
  );

  test('what cannot be unprovisioned is not deleted', async () => {
    const root = createRoot({
      'web.conf': '[fs#1]\ntype = flag\nblocking_pre_unprovision = /bin/false\n',
    });
    const result = await at(root)(['web', 'delete', '--unprovision']);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain('nothing was deleted');
    expect(conf(root, 'web')).toContain('[fs#1]');
  });

  test('a service of the same name knows nothing of the old one', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    const svcmgr = at(root);
    expect((await svcmgr(['web', 'start'])).code).toBe(0);
    expect((await svcmgr(['ls', '--status', 'up'])).stdout).toBe('web\n');
    expect((await svcmgr(['web', 'delete'])).code).toBe(0);
    expect(await svcmgr(['-s', 'web', 'create', '--kw', 'fs#1.type=flag'])).toEqual(done);
    expect((await svcmgr(['ls', '--status', 'undef'])).stdout).toBe('web\n');
  });
});
