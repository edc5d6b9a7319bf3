import { describe, expect, expectTypeOf, test } from 'vitest';
import { formatFinding, nearest } from '../../lib/config/finding.js';
import { parseIni } from '../../lib/config/ini.js';
import { splitKeywordPath } from '../../lib/config/keyword-path.js';
import { isSecretKey, maskConfig, maskValues, secretValues } from '../../lib/config/secrets.js';
import { validateConfig } from '../../lib/config/validate.js';
import { createEvaluator, getValue, readSection } from '../../lib/config/values.js';
import { cpuMs } from '../support/cpu-time.js';
import { context, head, loop, ruleOf, task, vg } from './tables.js';

function evaluatorOf(text: string, nodename = 'n1') {
  return createEvaluator(parseIni(text), { ...context, nodename });
}

const scoped = `
[DEFAULT]
encapnodes = e1 e2
nodes = n1 n2 n3
nodes@encapnodes = e1
drpnodes = d1 d2
drpnode = d3
flex_primary = n2
run_schedule = @10
monitor = true
monitor@n1 = false

[task#1]
command = plain
command@n1 = node
command@nodes = nodes
command@drpnodes = drp
command@encapnodes = encap
command@flex_primary = primary
command@drp_flex_primary = drpprimary
restart@flex_primary = 2
restart@drp_flex_primary = 3
restart = 1

[task#2]
command = x
schedule = @1
monitor = true
timeout = 5m
`;

const ranks = [
  { node: 'n1', command: 'node', restart: 1, why: 'the node wins' },
  { node: 'N1', command: 'node', restart: 1, why: 'in any case' },
  { node: 'n3', command: 'nodes', restart: 1, why: 'then nodes' },
  { node: 'd1', command: 'drp', restart: 3, why: 'then drpnodes; the first is primary' },
  { node: 'd3', command: 'drp', restart: 1, why: 'the single drpnode is one of them' },
  { node: 'e1', command: 'nodes', restart: 1, why: 'nodes as the encapsulated see them' },
  { node: 'e2', command: 'encap', restart: 1, why: 'then encapnodes' },
  { node: 'n2', command: 'nodes', restart: 2, why: 'the flex primary' },
  { node: 'x', command: 'plain', restart: 1, why: 'a stranger' },
];

test.each(ranks)('on $node: $why', ({ node, command, restart }) => {
  const { values } = readSection(evaluatorOf(scoped, node), 'task#1', task);
  expect(values).toMatchObject({ command, restart });
});

test('another node can be impersonated', () => {
  const evaluator = evaluatorOf(scoped);
  expect(readSection(evaluator.as('d1'), 'task#1', task).values?.command).toBe('drp');
  expect(getValue(evaluator, 'task#1.command', { eval: true, impersonate: 'e1' })?.text).toBe(
    'nodes',
  );
  expect(evaluator.as('e1').sets.nodes).toEqual(['e1']);
});

test('node lists have defaults', () => {
  expect(evaluatorOf('', 'N9').sets).toEqual({
    nodes: ['n9'],
    drpnodes: [],
    drpnode: undefined,
    encapnodes: [],
    flexPrimary: 'n9',
    drpFlexPrimary: undefined,
  });
});

test('a node list that cannot be evaluated is reported and taken for unset', () => {
  const { sets, findings } = evaluatorOf('[DEFAULT]\nnodes = {nodes} {foo}\ndrpnodes = D1\n');
  expect(sets).toMatchObject({ nodes: ['n1'], drpnodes: ['d1'] });
  expect(findings).toMatchObject([{ level: 'error', line: 2, key: 'nodes' }]);
});

describe('reading a section', () => {
  test('gives converted values with the types of the table', () => {
    const text = '[disk#1]\nfile = /srv/{svcname}\nsize = 2m\ntags = a b a\nstandby = yes\n';
    const { values, findings } = readSection(evaluatorOf(text), 'disk#1', loop);
    expectTypeOf(values).toEqualTypeOf<
      | {
          readonly disable: boolean;
          readonly monitor: boolean;
          readonly restart: number;
          readonly tags: readonly string[] | undefined;
          readonly standby: boolean | null;
          readonly pre_start: string | undefined;
          readonly file: string;
          readonly size: number;
        }
      | undefined
    >();
    expect(findings).toEqual([]);
    expect(values).toEqual({
      disable: false,
      monitor: false,
      restart: 0,
      tags: ['a', 'b'],
      standby: true,
      pre_start: undefined,
      file: '/srv/svc1.acme.com',
      size: 2_097_152,
    });
  });

  const policies = [
    { section: 'task#1', key: 'schedule', value: '@10', why: 'a mapped keyword of DEFAULT' },
    { section: 'task#2', key: 'schedule', value: '@1', why: 'the section before it' },
    { section: 'task#1', key: 'monitor', value: false, why: 'DEFAULT with its scopes' },
    {
      section: 'task#2',
      key: 'monitor',
      value: true,
      why: 'any rank of the section before DEFAULT',
    },
    { section: 'task#2', key: 'timeout', value: 300_000, why: 'the section' },
    { section: 'task#2', key: 'disable', value: false, why: 'a leaf keyword has its default' },
    { section: 'task#2', key: 'password', value: undefined, why: 'unset' },
  ] as const;
  test.each(policies)('$section.$key: $why', ({ section, key, value }) => {
    expect(readSection(evaluatorOf(scoped), section, task).values?.[key]).toBe(value);
  });

  test('DEFAULT does not leak leaf keywords, nor sections head keywords', () => {
    const text = '[DEFAULT]\ndisable = true\n[a]\nflex_min = 7\n';
    expect(readSection(evaluatorOf(text), 'a', loop).partial.disable).toBe(false);
    expect(readSection(evaluatorOf(text), 'a', head).values?.flex_min).toBe(1);
  });

  test('old names are read when the current one is not set', () => {
    const read = (text: string) => readSection(evaluatorOf(text), 'disk#2', vg).values?.name;
    expect(read('[disk#2]\nvgname = old\n')).toBe('old');
    expect(read('[disk#2]\nvgname = old\nname = new\n')).toBe('new');
    expect(read('[disk#2]\nvgname@n1 = old\n')).toBe('old');
  });

  test('what only provisioning needs is required when provisioning', () => {
    const evaluator = evaluatorOf('[disk#2]\nname = vg1\n');
    expect(readSection(evaluator, 'disk#2', vg).values?.pvs).toBeUndefined();
    const provisioning = createEvaluator(evaluator.ini, { ...context, provisioning: true });
    expect(readSection(provisioning, 'disk#2', vg)).toMatchObject({
      values: undefined,
      findings: [{ level: 'error', key: 'pvs', message: 'it is required', line: 1 }],
    });
  });

  test('a section with an error has no values, and shows what it can', () => {
    const text = '[disk#1]\nfile = /a\nsize = big\nrestart = x\n[disk#2]\nname = ok\n';
    const { values, partial, findings } = readSection(evaluatorOf(text), 'disk#1', loop);
    expect(values).toBeUndefined();
    expect(partial.file).toBe('/a');
    expect(findings.map(({ line, key }) => [line, key])).toEqual([
      [4, 'restart'],
      [3, 'size'],
    ]);
    expect(readSection(evaluatorOf(text), 'disk#2', vg).values).toBeDefined();
  });

  test('a section that does not parse disables only itself', () => {
    const text = '[task#1]\ncommand = a\nbroken\n[task#2]\ncommand = b\n';
    const evaluator = evaluatorOf(text);
    expect(readSection(evaluator, 'task#1', task)).toMatchObject({
      values: undefined,
      partial: { command: 'a' },
      findings: [{ line: 3, message: 'neither a section, nor a keyword with = or :' }],
    });
    expect(readSection(evaluator, 'task#2', task).values?.command).toBe('b');
  });

  test('what waits for a resource has no value yet, and a warning', () => {
    const text = '[disk#1]\n[disk#2]\nname = {disk#1.exposed_devs}\npvs = {disk#1.sub_devs}\n';
    const { values, findings } = readSection(evaluatorOf(text), 'disk#2', vg);
    expect(values).toMatchObject({ name: '', pvs: [] });
    expect(findings.map(({ level }) => level)).toEqual(['warning', 'warning']);
    const size = '[disk#2]\n[disk#1]\nfile = /a\nsize = {disk#2.base_devs}\n';
    expect(readSection(evaluatorOf(size), 'disk#1', loop).values?.size).toBeUndefined();
  });

  test('an error shows nothing of a secret', () => {
    const text = '[task#1]\ncommand = a\npassword = hunter2{foo}$(hunter2\n';
    const result = readSection(evaluatorOf(text), 'task#1', task);
    expect(result.values).toBeUndefined();
    expect(JSON.stringify(result.findings)).not.toContain('hunter2');
  });
});

const got = [
  { path: 'task#1.command', text: 'plain', why: 'the raw value without scope' },
  { path: 'task#1.COMMAND@n1', text: 'node', why: 'exactly as asked' },
  { path: 'nodes', text: 'n1 n2 n3', why: 'no section is DEFAULT' },
  { path: 'task#1.schedule', text: undefined, why: 'raw values are not inherited' },
  { path: 'task#9.command', text: undefined, why: 'no such section' },
];

test.each(got)('get $path: $why', ({ path, text }) => {
  expect(getValue(evaluatorOf(scoped), path)?.text).toBe(text);
});

test.each([
  { path: 'task#1.command', text: 'node', value: 'node', why: 'scoped' },
  { path: 'task#1.command@drpnodes', text: 'drp', value: 'drp', why: 'a scope asked for' },
  { path: 'task#1.schedule', text: '@10', value: '@10', why: 'inherited' },
  { path: 'task#2.timeout', text: '5m', value: 300_000, why: 'converted' },
  { path: 'topology', text: 'failover', value: 'failover', why: 'a default' },
  { path: 'task#2.password', text: undefined, value: undefined, why: 'not set' },
])('get --eval $path: $why', ({ path, text, value }) => {
  const found = getValue(evaluatorOf(scoped), path, { eval: true });
  expect([found?.text, found?.value]).toEqual([text, value]);
});

test.each([
  {
    path: 'fs#1.dev@n1.acme.com',
    section: 'fs#1',
    key: 'dev@n1.acme.com',
    why: 'a scope with dots',
  },
  { path: 'nodes@n1.acme.com', section: 'DEFAULT', key: 'nodes@n1.acme.com', why: 'in DEFAULT' },
  { path: 'ip#1.2.dev', section: 'ip#1.2', key: 'dev', why: 'a known section with a dot' },
  { path: 'env.a.comment', section: 'env', key: 'a.comment', why: 'else the first dot' },
])('path $path: $why', ({ path, section, key }) => {
  expect(splitKeywordPath(path, (name) => name === 'ip#1.2')).toEqual({ section, key });
});

describe('validation', () => {
  const text = [
    '[DEFAULT]', // 1
    'nodes = n1 n2',
    'topologie = flex',
    'flex_min_nodes = 2',
    'topology = ring',
    'orchestrate@n1 = x',
    '[tsak#1]', // 7
    'command = x',
    '[vg#1]',
    'vgname = old',
    'nmae = x',
    'comment = fine',
    '[disk#1]', // 13
    'size@n1 = 1MiB',
    'restart = many',
    'pre_start = echo {foo} $(date)',
    'tags = {bar}',
    '[task#1]', // 18
    'command@n1 = x',
    'timeout = $(1 +)',
    'timeout@n2 = {circle}',
    'circle = {circle}',
    'garbage',
    '[disk#2]', // 24
    'name = vg{#disk#1.exposed_devs}',
    '[env]',
    'anything = {foo}',
  ].join('\n');

  const expected = [
    [23, 'error', 'neither a section', undefined, 'syntax'],
    [3, 'warning', 'unknown to the service', 'topology', 'a typing error'],
    [4, 'warning', 'deprecated: write flex_min', undefined, 'an old name'],
    [6, 'warning', 'unknown to the service', undefined, 'nothing near'],
    [7, 'warning', 'unknown section', '[task#1]', 'an unknown group'],
    [9, 'warning', 'deprecated: write disk#…', undefined, 'an old section'],
    [10, 'warning', 'deprecated: write name', undefined, 'an old name'],
    [11, 'warning', 'unknown to driver disk.vg', 'name', 'swapped letters'],
    [22, 'warning', 'unknown to driver task.host', undefined, 'nothing near'],
    [14, 'error', 'cannot have a scope', undefined, 'a scope'],
    [17, 'error', '{bar}: there is no such', undefined, 'an unknown reference'],
    [20, 'error', '$(1 +): it ends too early', undefined, 'an expression'],
    [21, 'error', 'circle', undefined, 'a circle'],
    [5, 'error', '"ring" is not one of failover, flex', undefined, 'a candidate'],
    [15, 'error', '"many" is not an integer', undefined, 'a value'],
    [13, 'error', 'driver disk.loop requires it', undefined, 'nothing anywhere'],
    [18, 'error', 'driver task.host requires it on n2', undefined, 'nothing on a node'],
    [25, 'warning', 'has no value before the resource is built', undefined, 'deferred'],
    [14, 'warning', 'powers of 1000', undefined, 'the sic rule'],
  ] as const;

  test('finds everything, in order', () => {
    const findings = validateConfig(evaluatorOf(text), { ruleOf, groups: ['disk', 'fs', 'task'] });
    expect(findings.map(({ line, level, suggestion }) => [line, level, suggestion])).toEqual(
      expected.map(([line, level, , suggestion]) => [line, level, suggestion]),
    );
    findings.forEach(({ message }, index) => {
      expect(message, expected[index]?.[4]).toContain(expected[index]?.[2]);
    });
  });

  test('a clean file has no findings', () => {
    const clean = '[DEFAULT]\nnodes = n1\n[task#1]\ncommand = a\ncomment = b\n';
    expect(validateConfig(evaluatorOf(clean), { ruleOf })).toEqual([]);
  });

  test('a rule may refuse its section', () => {
    const refusing = () => ({ table: {}, name: 'x', problem: 'unknown driver' });
    expect(validateConfig(evaluatorOf('[a]\n'), { ruleOf: refusing })).toMatchObject([
      { level: 'error', line: 1, message: 'unknown driver' },
    ]);
  });

  test('a hostile file is checked within five seconds', () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `unknown_keyword_${at} = {k${at}}`);
    const nodes = Array.from({ length: 5000 }, (_, at) => `n${at}`).join(' ');
    const sections = Array.from({ length: 300 }, (_, at) => `[task#${at}]\ntags = {tags}{tags}`);
    const hostile = `[DEFAULT]\nnodes = ${nodes}\n${lines.join('\n')}\n${sections.join('\n')}`;
    const start = cpuMs();
    const findings = validateConfig(evaluatorOf(hostile), { ruleOf });
    expect(cpuMs() - start).toBeLessThan(5000);
    expect(findings.length).toBeLessThanOrEqual(1000);
  });

  test('findings read as file:line', () => {
    const finding = { level: 'error', line: 3, section: 'a', key: 'k', message: 'm' } as const;
    expect(formatFinding('/f', finding)).toBe('/f:3: error: [a] k: m');
    expect(formatFinding('/f', { ...finding, column: 2, suggestion: 'x' })).toBe(
      '/f:3:2: error: [a] k: m (did you mean x?)',
    );
    const syntax = { level: 'error', line: 1, section: '', message: 'm' } as const;
    expect(formatFinding('/f', syntax)).toBe('/f:1: error: m');
  });

  test.each([
    { word: 'shcedule', near: 'schedule', why: 'a swap' },
    { word: 'comand', near: 'command', why: 'a missing letter' },
    { word: 'Monitor', near: 'monitor', why: 'case' },
    { word: 'xyz', near: undefined, why: 'nothing near' },
    { word: 'x'.repeat(100), near: undefined, why: 'nothing that long' },
  ])('nearest to $word: $why', ({ word, near }) => {
    expect(nearest(word, ['schedule', 'command', 'monitor', 'tags'])).toBe(near);
  });
});

describe('secrets', () => {
  const text = [
    '[task#1]',
    'command = run',
    'password = hunter2 ; old: hunter1',
    'password@n1 = a',
    '  hunter3',
    'command@n1 = x',
    '[env]',
    'api_token: hunter4',
    '# db_password = hunter5',
    'secret hunter6',
    '  hunter7',
    'plain = x',
  ].join('\n');
  const tableOf = (section: string) => ruleOf(section)?.table;

  test('are masked in a printed configuration', () => {
    expect(maskConfig(text, tableOf).split('\n')).toEqual([
      '[task#1]',
      'command = run',
      'password = *****',
      'password@n1 = *****',
      '  *****',
      'command@n1 = x',
      '[env]',
      'api_token: *****',
      '# db_password = *****',
      'secret *****',
      '  *****',
      'plain = x',
    ]);
  });

  test('are listed for the logger', () => {
    expect(secretValues(parseIni(text), tableOf)).toEqual(['hunter2', 'a\nhunter3', 'hunter4']);
    expect(maskValues('x hunter22 hunter2', ['hunter2', '', 'hunter22'])).toBe('x ***** *****');
  });

  test.each([
    { key: 'password@n1', table: task, is: true, why: 'the table says so' },
    { key: 'command', table: task, is: false, why: 'the table says not' },
    {
      key: 'token_file',
      table: { token_file: { kind: 'path', text: '' } } as const,
      is: false,
      why: 'known',
    },
    { key: 'API_TOKEN', table: undefined, is: true, why: 'its name tells' },
  ])('$key: $why', ({ key, table, is }) => {
    expect(isSecretKey(key, table)).toBe(is);
  });

  test('hostile text is masked quickly', () => {
    const start = cpuMs();
    for (const part of ['#', '# ', 'a', '= ', ' ']) maskConfig(part.repeat(1 << 20), tableOf);
    expect(cpuMs() - start).toBeLessThan(2000);
  });
});
