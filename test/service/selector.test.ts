/** Selector expressions: what they select, in which order, and what they read. */
import { describe, expect, test } from 'vitest';
import { installedServices } from '../../lib/service/installed.js';
import { configReader, inPriorityOrder } from '../../lib/service/select/configured.js';
import { parseSelector } from '../../lib/service/select/parse-selector.js';
import { type Selection, selectServices } from '../../lib/service/select/select.js';
import { createRoot, type TestRoot } from '../support/root.js';

interface Selected extends Selection {
  /** Paths of the services whose configuration was read. */
  readonly read: readonly string[];
}

async function select(root: TestRoot, expression: string, namespace?: string): Promise<Selected> {
  const read: string[] = [];
  const selection = await selectServices(installedServices(root.paths), expression, {
    namespace,
    async configReader() {
      const configOf = configReader({ paths: root.paths, nodename: 'n1', env: {} });
      return (service) => {
        read.push(service.scope);
        return configOf(service);
      };
    },
  });
  return { ...selection, read };
}

async function names(root: TestRoot, expression: string, namespace?: string): Promise<string[]> {
  return (await select(root, expression, namespace)).services.map(({ scope }) => scope);
}

const task = '[task#1]\ncommand = /bin/true\n';

/** The services of the example in the guide of the original ("Selecting Objects"). */
const seeds = (): TestRoot =>
  createRoot({
    'ha1.conf': `[ip#1]\nipname = a\nipdev = b\nmonitor = true\n[app#1]\ntimeout = 1m\n${task}`,
    'ha2.conf': `[DEFAULT]\nmonitor_schedule = @5\n[ip#1]\nipname = a\nmonitor = true\n[app#1]\ntimeout = 20\n${task}`,
    'ha3.conf': `[ip#1]\nipname = a\n[app#1]\nstart = 1\n[app#2]\ntimeout = 2\n${task}`,
    'ha4.conf': '[fs#1]\ntype = flag\nmonitor = True\n',
    'pridns.conf': '[app#1]\n',
    'registry.conf': `[ip#1]\nipname = a\n[container#1]\ntype = docker\n${task}`,
    'testmd.conf': '[app#1]\ntimeout = 1\n',
    'namespaces/ns1/svc/web1.conf': task,
    'namespaces/ns1/vol/web1.conf': task,
  });

describe('the examples of the guide', () => {
  test.each([
    { expression: '*dns,ha*+app.timeout>1', expected: ['ha1', 'ha2', 'ha3', 'pridns'] },
    { expression: 'ip:+task:', expected: ['ha1', 'ha2', 'ha3', 'registry'] },
    { expression: '!monitor_schedule+.monitor=true', expected: ['ha1', 'ha4'] },
    { expression: 'ns1/svc/web1', expected: ['ns1/svc/web1'] },
    { expression: 'ns1/svc/web1,ha1', expected: ['ha1', 'ns1/svc/web1'] },
  ])('$expression', async ({ expression, expected }) => {
    expect(await names(seeds(), expression)).toEqual(expected);
  });

  test('** and * are every service', async () => {
    const root = seeds();
    const all = installedServices(root.paths).map(({ scope }) => scope);
    expect(all).toHaveLength(8);
    expect(await names(root, '**')).toEqual(all);
    expect(await names(root, '*')).toEqual(all);
  });
});

describe('paths, globs and namespaces', () => {
  const services = (): TestRoot =>
    createRoot({
      'web.conf': '[DEFAULT]\napp = x\n',
      'db.conf': '',
      'priority.conf': '',
      'namespaces/a/svc/web.conf': '[DEFAULT]\napp = x\n',
      'namespaces/a/svc/db.conf': '',
      'namespaces/b/svc/web.conf': '',
    });

  test.each([
    { expression: 'web', expected: ['web'] },
    { expression: 'web,web', expected: ['web'], why: 'once' },
    { expression: 'root/svc/web', expected: ['web'] },
    { expression: 'svc/web', expected: ['web'] },
    { expression: 'w*', expected: ['a/svc/web', 'b/svc/web', 'web'] },
    { expression: 'w?b', expected: ['a/svc/web', 'b/svc/web', 'web'] },
    { expression: '[d]*', expected: ['a/svc/db', 'db'] },
    { expression: 'W*', expected: [], why: 'case counts' },
    { expression: 'svc/w*', expected: ['web'], why: 'two parts live in the root namespace' },
    { expression: 'a/**', expected: ['a/svc/db', 'a/svc/web'] },
    { expression: '**/web', expected: ['a/svc/web', 'b/svc/web', 'web'] },
    { expression: 'a/svc/', expected: ['a/svc/db', 'a/svc/web'] },
    { expression: 'a/svc/*', expected: ['a/svc/db', 'a/svc/web'] },
    { expression: '*/svc/db', expected: ['a/svc/db', 'db'] },
    { expression: '*w*', expected: ['a/svc/web', 'b/svc/web', 'web'] },
    { expression: '!w*', expected: ['a/svc/db', 'db', 'priority'] },
    { expression: '!web', expected: ['a/svc/db', 'a/svc/web', 'b/svc/web', 'db', 'priority'] },
    { expression: 'priority', expected: ['priority'], why: 'a path before a keyword' },
    { expression: 'w*+!a/**', expected: ['b/svc/web', 'web'] },
    { expression: ' web , db ', expected: ['db', 'web'] },
    { expression: 'web,', expected: ['web'] },
    { expression: 'web', namespace: 'a', expected: ['a/svc/web'] },
    { expression: '*', namespace: 'a', expected: ['a/svc/db', 'a/svc/web'] },
    { expression: '**', namespace: 'a', expected: ['a/svc/db', 'a/svc/web'] },
    { expression: '**/web', namespace: 'a', expected: ['a/svc/web'] },
    { expression: 'svc/w*', namespace: 'a', expected: ['a/svc/web'] },
    { expression: '!web', namespace: 'a', expected: ['a/svc/db'] },
    { expression: 'app=x', namespace: 'a', expected: ['a/svc/web'] },
    { expression: '!app=x', namespace: 'a', expected: ['a/svc/db'] },
    { expression: 'b/svc/web', namespace: 'a', expected: ['b/svc/web'], why: 'named in full' },
    { expression: 'b/**', namespace: 'a', expected: ['b/svc/web'], why: 'named in full' },
    { expression: '!b/svc/web', namespace: 'a', expected: ['a/svc/db', 'a/svc/web'] },
    { expression: '*', namespace: 'c', expected: [] },
  ])('$expression in $namespace: $expected', async ({ expression, namespace, expected }) => {
    expect(await names(services(), expression, namespace)).toEqual(expected);
  });

  test('what is installed is a path before it is anything else', async () => {
    const root = createRoot({ 'app=1.conf': '[DEFAULT]\n', 'other.conf': '[DEFAULT]\napp = 1\n' });
    expect(await names(root, 'app=1')).toEqual(['app=1']);
    expect(await names(root, '!app=1')).toEqual(['other']);
  });

  test('a name that does not exist is told; its chain selects nothing, also when it is negated', async () => {
    const root = services();
    for (const [expression, missing, expected] of [
      ['nope', ['nope'], []],
      ['nope,web,neither,nope', ['nope', 'neither'], ['web']],
      ['!nope', ['nope'], []],
      ['web+nope', ['nope'], []],
      ['a/svc/nope', ['a/svc/nope'], []],
      ['a/', ['a/'], []],
      ['app.acme.com', ['app.acme.com'], []],
    ] as const) {
      const { services: found, missing: told } = await select(root, expression);
      expect([expression, told, found.map(({ scope }) => scope)]).toEqual([
        expression,
        missing,
        expected,
      ]);
    }
  });
});

describe('matches', () => {
  const one = `[DEFAULT]
nodes = n1 n2
comment = The Text
priority = 20
service_type = TST
lock_timeout@n1 = 2m
lock_timeout = 5m
flex_min = $(1 + 2)
restart = 3
[env]
port = 8080
name = {svcname}
[subset#fs:g1]
parallel = yes
[app#1]
timeout = 1m
tags = blue green
[app#2]
timeout = {env.limit}
[fs#1.x]
type = directory
path = /srv/{svcname}
[vg#1]
tags = old
[task#1]
command = /bin/echo A;B {nope}
max_parallel = many
timeout = 90
[labels]
team = Web
`;

  test.each([
    { expression: 'comment:', holds: true },
    { expression: 'comment:whatever', holds: true, why: 'text after the colon counts nothing' },
    { expression: 'topology:', holds: false, why: 'a default is not set' },
    { expression: 'topology=failover', holds: false, why: 'a default is not set' },
    { expression: '!topology=flex', holds: true },
    { expression: 'nope:', holds: false },
    { expression: 'comment=The Text', holds: true },
    { expression: 'comment=the text', holds: false },
    { expression: 'comment~ext$', holds: true },
    { expression: 'comment~EXT', holds: false },
    { expression: 'comment~=^The', holds: true, why: 'a text is searched' },
    { expression: 'comment=', holds: false },
    { expression: 'nodes~=n2', holds: true },
    { expression: 'nodes~=n', holds: false, why: 'an element is compared as a whole' },
    { expression: 'nodes~n', holds: true },
    { expression: 'nodes~1 n', holds: false, why: 'elements are searched, not the text' },
    { expression: 'nodes=n1 n2', holds: true },
    { expression: 'priority=20', holds: true },
    { expression: 'priority<20', holds: false },
    { expression: 'priority<=20', holds: true },
    { expression: 'priority>19.5', holds: true },
    { expression: 'priority>=2e1', holds: true },
    { expression: 'priority<abc', holds: false },
    { expression: '!priority<abc', holds: false, why: 'nothing can be compared with a word' },
    { expression: '!priority<', holds: false },
    { expression: 'comment>1', holds: false },
    { expression: '!comment>1', holds: true },
    { expression: 'env=TST', holds: true, why: 'an old name of the keyword' },
    { expression: 'service_type=TST', holds: true },
    { expression: 'ENV=TST', holds: true, why: 'keywords have no case' },
    { expression: 'lock_timeout=120', holds: true, why: 'scoped for this node, in seconds' },
    { expression: 'lock_timeout=2m', holds: true, why: 'as it stands in the file' },
    { expression: 'lock_timeout=5m', holds: false },
    { expression: 'lock_timeout>100', holds: true },
    { expression: 'lock_timeout@n1=2m', holds: true },
    { expression: 'lock_timeout@n2:', holds: false },
    { expression: 'flex_min=3', holds: true, why: 'expressions are evaluated' },
    { expression: 'env.port>8000', holds: true },
    { expression: 'env.name=one', holds: true },
    { expression: 'env.name={svcname}', holds: true },
    { expression: 'env.name~svc', holds: false, why: 'what is searched is the value' },
    { expression: 'labels.team~W', holds: true },
    { expression: 'app#1.timeout=60', holds: true },
    { expression: 'app#3.timeout:', holds: false },
    { expression: 'app#3.restart:', holds: false, why: 'what does not exist inherits nothing' },
    { expression: 'app#1.restart=3', holds: true, why: 'inherited from DEFAULT' },
    { expression: 'fs.restart>=3', holds: true },
    { expression: 'app.timeout>59', holds: true },
    { expression: 'app.timeout>60', holds: false },
    { expression: 'app#2.timeout:', holds: true, why: 'set, though it cannot be evaluated' },
    { expression: 'app#2.timeout={env.limit}', holds: true },
    { expression: 'app.tags~=blue', holds: true },
    { expression: '.tags~=old', holds: true },
    { expression: '.tags~=blu', holds: false },
    { expression: 'disk.tags~=old', holds: true, why: 'an old prefix is of its group' },
    { expression: 'vg#1.tags:', holds: true },
    { expression: 'disk:', holds: true },
    { expression: 'ip:', holds: false },
    { expression: '!ip:', holds: true },
    { expression: 'fs#1.x.path=/srv/one', holds: true, why: 'a rid may hold dots' },
    { expression: 'fs.path~^/srv', holds: true },
    { expression: 'task.max_parallel=many', holds: true },
    { expression: '!task.max_parallel>1', holds: true },
    { expression: 'task.command~{nope}', holds: true },
    { expression: '.timeout=90', holds: true },
    { expression: 'hb.timeout:', holds: false },
    { expression: 'comment', holds: true, why: 'a bare keyword asks for its existence' },
    { expression: '!comment', holds: false },
    { expression: 'monitor_schedule', holds: false },
    { expression: 'app.timeout', holds: true },
    { expression: '.timeout', holds: true },
    { expression: 'app#1.timeout', holds: true },
    { expression: '!app#1.start', holds: true },
    { expression: 'mon_schedule', holds: false },
    { expression: 'one+comment:+app:', holds: true },
    { expression: 'one+ip:', holds: false },
    { expression: 'ip:,app:', holds: true },
    { expression: 'x*,ip:,!comment', holds: false },
  ])('$expression: $holds', async ({ expression, holds }) => {
    const root = createRoot({ 'one.conf': one });
    const { services, missing, unusable } = await select(root, expression);
    expect({ services: services.length, missing, unusable }).toEqual({
      services: holds ? 1 : 0,
      missing: [],
      unusable: [],
    });
  });

  test.each([
    { value: 'yes', expression: '.monitor=true', holds: true },
    { value: 'yes', expression: '.monitor=TRUE', holds: true },
    { value: 'yes', expression: '.monitor=YES', holds: true },
    { value: '1', expression: '.monitor=True', holds: true },
    { value: '1', expression: '.monitor=false', holds: false },
    { value: 'no', expression: '.monitor=false', holds: true },
    { value: 'no', expression: '.monitor:', holds: true },
    { value: 'perhaps', expression: '.monitor=perhaps', holds: true },
    { value: 'perhaps', expression: '.monitor=Perhaps', holds: false },
  ])('monitor = $value, $expression: $holds', async ({ value, expression, holds }) => {
    const root = createRoot({ 'one.conf': `[app#1]\nmonitor = ${value}\n` });
    expect(await names(root, expression)).toHaveLength(holds ? 1 : 0);
  });

  test('a file that cannot be used is in no match, negated or not, and is told', async () => {
    const root = createRoot({ 'good.conf': '[DEFAULT]\n' });
    const { chmodSync } = await import('node:fs');
    chmodSync(root.write('open.conf', '[DEFAULT]\napp = x\n'), 0o666);
    const { services, unusable } = await select(root, '!app=y,app=x');
    expect(services.map(({ scope }) => scope)).toEqual(['good']);
    expect(unusable.map(({ service, error }) => [service.scope, error.code])).toEqual([
      ['open', 'E_CONFIG_UNSAFE'],
    ]);
    expect(await names(root, 'o*')).toEqual(['open']);
  });

  test('a broken section hides no other', async () => {
    const root = createRoot({ 'one.conf': '[app#1\nx\n[fs#1]\ntags = a\n[DEFAULT]\napp = x\n' });
    expect(await names(root, 'app=x+fs.tags~=a')).toEqual(['one']);
  });
});

describe('what is mistyped', () => {
  const root = (): TestRoot => createRoot({ 'one.conf': '[DEFAULT]\ncomment = x\n' });

  test.each([
    { expression: '', says: 'it is empty' },
    { expression: ' , ,', says: 'it is empty' },
    { expression: 'one+', says: 'something is missing beside' },
    { expression: '+one', says: 'something is missing beside' },
    { expression: 'one,!', says: 'something is missing beside' },
    { expression: '!!one', says: 'one ! negates' },
    { expression: '=x', says: 'a keyword is missing before =' },
    { expression: '>=3', says: 'a keyword is missing before >=' },
    { expression: 'comment!=x', says: 'no operator !=', remedy: 'write !comment=x' },
    { expression: 'comment~(', says: "'(' is no regular expression: unterminated group" },
    { expression: 'comment~=[', says: "'[' is no regular expression" },
    { expression: 'a/b/c/d', says: 'more than three parts', code: 'E_OBJECT_PATH' },
    { expression: 'ns/web', says: 'unknown kind "ns"', code: 'E_OBJECT_PATH' },
    { expression: 'we b', says: 'cannot be a name', code: 'E_OBJECT_PATH' },
  ])('"$expression": $says, exit 2', async ({ expression, says, code, remedy }) => {
    await expect(select(root(), expression)).rejects.toMatchObject({
      code: code ?? 'E_SELECTOR',
      exitCode: 2,
      message: expect.stringContaining(says),
      remedy: expect.stringContaining(remedy ?? ''),
    });
  });

  test('a regular expression that takes for ever is ended, whatever it searches', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [
        `s${n}.conf`,
        `[DEFAULT]\ncomment = ${'a'.repeat(60)}\n`,
      ]),
    );
    const began = Date.now();
    await expect(select(createRoot(files), 'comment~^(a|a)*$b')).rejects.toMatchObject({
      code: 'E_SELECTOR',
      message: expect.stringContaining('takes too long'),
    });
    expect(Date.now() - began).toBeLessThan(5000);
  });

  test('long and deep expressions are read in time', async () => {
    const began = Date.now();
    const many = Array.from({ length: 20_000 }, (_, n) => `!x${n}*+comment:`).join(',');
    expect(await names(root(), many)).toEqual(['one']);
    expect(parseSelector('!'.repeat(1).concat('a=', '!'.repeat(100_000)))).toHaveLength(1);
    expect(Date.now() - began).toBeLessThan(5000);
  });
});

describe('what is read', () => {
  const root = (): TestRoot =>
    createRoot({
      'web1.conf': '[DEFAULT]\napp = x\n',
      'web2.conf': '[DEFAULT]\n',
      'db.conf': '[DEFAULT]\napp = x\n',
    });

  test.each([
    { expression: '*', read: [] },
    { expression: 'web1,db', read: [] },
    { expression: '!w*,**/db', read: [] },
    { expression: 'db,nope', read: ['web1', 'web2'].slice(2), why: 'no configuration is needed' },
    { expression: 'app=x+web*', read: ['web1', 'web2'] },
    { expression: 'app=x,web*', read: ['db'] },
    { expression: 'app=x,app~y,comment:', read: ['db', 'web1', 'web2'], why: 'each once' },
    { expression: 'priority<abc', read: [] },
  ])('$expression reads $read', async ({ expression, read }) => {
    expect((await select(root(), expression)).read).toEqual(read);
  });
});

test('by priority, then path; a priority that cannot be used is the default', () => {
  const root = createRoot({
    'a.conf': '[DEFAULT]\n',
    'b.conf': '[DEFAULT]\npriority = 200\n',
    'c.conf': '[DEFAULT]\npriority = 10\n',
    'd.conf': '[DEFAULT]\nPriority = 10\n',
    'e.conf': '[DEFAULT]\npriority = x\n',
    'f.conf': '[DEFAULT]\ncomment = priority\n',
    'g.conf': '[DEFAULT]\npriority@n1 = 1\n',
    'namespaces/a/svc/z.conf': '[DEFAULT]\npriority = 0\n',
  });
  const configOf = configReader({ paths: root.paths, nodename: 'n1' });
  const order = inPriorityOrder(installedServices(root.paths), configOf);
  expect(order.map(({ scope }) => scope).join(' ')).toBe('a/svc/z g c d a e f b');
});
