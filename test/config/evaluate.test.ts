import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateExpression } from '../../lib/config/expression.js';
import { parseIni } from '../../lib/config/ini.js';
import { parseReference } from '../../lib/config/reference.js';
import { createEvaluator, type EvaluationContext } from '../../lib/config/values.js';
import { cpuMs } from '../support/cpu-time.js';
import { context } from './tables.js';

const file = `
[DEFAULT]
nodes = n1.acme.com n2 n3
drpnodes = d1
id = 1234
app = web
flex_min = 2
monitor@n2 = true

[disk#1]
file = /srv/{svcname}.img
size = 1m
monitor = false

[disk#2]
name = vg1
pvs = {disk#1.exposed_devs}
copy = {name}

[fs#a.b]
dev = /dev/x

[env]
hostpath = /from/file
port = 80
port@n2 = 81
words = one two  three
i = 1
deep = {env.deep2}
deep2 = {env.deep3} {env.port}
deep3 = $({env.port} + 1)
circle = {env.circle2}
circle2 = {env.circle}
`;

function evaluate(text: string, changes: Partial<EvaluationContext> = {}, command = false) {
  const evaluator = createEvaluator(parseIni(file), { ...context, ...changes });
  return evaluator.evaluate(text, 'disk#1', command).value;
}

const references = [
  { text: '{nodename}', value: 'n1.acme.com', why: 'lower case' },
  { text: '{short_nodename}', value: 'n1', why: 'the first label' },
  { text: '{svcname} {name}', value: 'svc1.acme.com svc1.acme.com', why: 'the object' },
  { text: '{short_name}', value: 'svc1', why: 'its first label' },
  { text: '{namespace}/{kind}', value: 'test/svc', why: 'parts of the path' },
  { text: '{path}', value: 'test/svc/svc1.acme.com', why: 'the path' },
  { text: '{id}', value: '1234', why: 'the identity' },
  { text: '{rid} {rindex}', value: 'disk#1 1', why: 'the section' },
  { text: '{fqdn}', value: 'svc1.acme.com.test.svc.c1', why: 'with the cluster' },
  { text: '{domain}', value: 'test.svc.c1', why: 'without the name' },
  { text: '{clustername}:{clusternodes}', value: 'c1:n1 n2 n3', why: 'from the node' },
  { text: '[{clusterdrpnodes}{dns}]', value: '[]', why: 'nothing when not set' },
  { text: '{svcmgr} {nodemgr}', value: 'svcmgr nodemgr', why: 'the programs' },
  { text: '{etc} {var}', value: '/r/etc /r/var', why: 'directories' },
  {
    text: '{private_var}',
    value: '/r/var/namespaces/test/svc/svc1.acme.com',
    why: 'the directory of the object',
  },
  { text: '{initd}', value: '/r/etc/namespaces/test/svc/svc1.acme.com.d', why: 'its scripts' },
  { text: '{node.env}', value: 'PRD', why: 'a keyword of the node' },
  { text: '{node.env.zone} {node.labels.rack}', value: 'north r1', why: 'its sections' },
  { text: '{env.hostpath}', value: '/from/os', why: 'the environment first' },
  { text: '{env.port}', value: '80', why: 'then the section' },
  { text: '{size}', value: '1m', why: 'a keyword of this section' },
  { text: '{app}', value: 'web', why: 'a keyword of DEFAULT' },
  { text: '{file}', value: '/srv/svc1.acme.com.img', why: 'evaluated itself' },
  { text: '{disk#2.name}', value: 'vg1', why: 'another section' },
  { text: '{fs#a.b}', value: undefined, why: 'the first dot ends the section' },
  { text: '{restart}', value: '0', why: 'the default of a keyword' },
  { text: '{#nodes}', value: '3', why: 'a number of words' },
  { text: '{#env.words} {env.#words}', value: '3 3', why: 'in either place' },
  { text: '{#drpnode}', value: '0', why: 'an empty node list' },
  { text: '{flex_primary}', value: 'n1.acme.com', why: 'the default of a node list' },
  { text: '{nodes[0]} {nodes[-1]}', value: 'n1.acme.com n3', why: 'words by their number' },
  { text: '{env.words[{env.i}]}', value: 'two', why: 'a number that is a reference' },
  { text: '{env.words[$(1+1)]}', value: 'three', why: 'or an expression' },
  { text: '{upper:app} {capitalize:app}', value: 'WEB Web', why: 'upper case' },
  { text: '{title:env.words}', value: 'One Two  Three', why: 'title case' },
  { text: '{lower:node.env} {swapcase:node.env}', value: 'prd prd', why: 'lower case' },
  { text: '{env.deep}', value: '81 80', why: 'references of references' },
  {
    text: 'awk {print $1} {"a":1} {} { app }',
    value: 'awk {print $1} {"a":1} {} { app }',
    why: 'no',
  },
  { text: '{foo}', value: undefined, why: 'an unknown keyword' },
  { text: '{foo.bar}', value: undefined, why: 'an unknown section' },
  { text: '{disk#1.bar}', value: undefined, why: 'an unknown keyword of a section' },
  { text: '{nodes[7]}', value: undefined, why: 'a word that is not there' },
  { text: '{env.circle}', value: undefined, why: 'a circle' },
  { text: '{env.loops}', value: undefined, why: 'a circle through the environment' },
];

test.each(references)('$text: $why', ({ text, value }) => {
  if (value !== undefined) return expect(evaluate(text)).toBe(value);
  return expect(() => evaluate(text)).toThrow(expect.objectContaining({ code: 'E_REFERENCE' }));
});

test.each([
  { text: 'echo {foo} {app}', value: 'echo {foo} web', why: 'unknown references stay' },
  { text: 'd=$(date) {app}', value: 'd=$(date) web', why: 'a word is for the shell' },
  { text: 'x $(ls /tmp) $(id -u)', value: 'x $(ls /tmp) $(id -u)', why: 'so are commands' },
  { text: 'x $(uname -n) $(1 + 1)', value: 'x $(uname -n) 2', why: 'but sums are ours' },
  { text: 'x $((n + 1)) $(', value: 'x $((n + 1)) $(', why: 'shell arithmetic, an open end' },
  { text: 'sh -c "{ {app}; }"', value: 'sh -c "{ web; }"', why: 'braces of the shell' },
])('command $text: $why', ({ text, value }) => {
  expect(evaluate(text, {}, true)).toBe(value);
});

test.each([
  { token: 'a', is: { section: undefined, key: 'a', count: false }, why: 'a keyword' },
  { token: 'fs#1.dev', is: { section: 'fs#1', key: 'dev' }, why: 'of a section' },
  { token: '#fs#1.dev', is: { section: 'fs#1', key: 'dev', count: true }, why: 'counted' },
  { token: 'fs#1.#dev', is: { section: 'fs#1', key: 'dev', count: true }, why: 'counted' },
  { token: 'node.env.x', is: { section: 'node', key: 'env.x' }, why: 'two dots' },
  { token: 'upper:a[0]', is: { modifier: 'upper', key: 'a', index: 0 }, why: 'modified word' },
  { token: 'subset#fs:g1.parallel', is: { section: 'subset#fs:g1' }, why: 'a colon elsewhere' },
])('token $token: $why', ({ token, is }) => {
  expect(parseReference(token)).toMatchObject(is);
});

test.each(['#', 'a.', '.a', 'a[x]', 'a[', 'a]b', '', 'upper:'])(
  'token "%s" means nothing',
  (token) => {
    expect(parseReference(token)).toBeUndefined();
  },
);

test('what a built resource says is asked for when it is there', () => {
  const text = '{disk#2.exposed_devs} {#disk#2.exposed_devs} {disk#2.exposed_devs[1]}';
  const lookup = (rid: string, key: string) => (rid === 'disk#2' ? [`/dev/${key}`, '/dev/b'] : []);
  expect(evaluate(text, { lookup })).toBe('/dev/exposed_devs /dev/b 2 /dev/b');
  const evaluator = createEvaluator(parseIni(file), context);
  expect(evaluator.evaluate('x{disk#2.pvs}', 'disk#2')).toEqual({
    value: 'x',
    deferred: ['disk#1.exposed_devs'],
  });
});

test('without an object its words are unknown', () => {
  const { object: _, ...node } = context;
  const evaluator = createEvaluator(parseIni('[DEFAULT]\n'), node);
  expect(() => evaluator.evaluate('{svcname}', 'DEFAULT')).toThrow('{svcname}: there is no such');
});

const expressions = [
  { source: '1 + 2 * 3', value: 7, why: 'precedence' },
  { source: '(1 + 2) * 3', value: 9, why: 'parentheses' },
  { source: '7 / 2', value: 3.5, why: 'a true division' },
  { source: '7 // 2', value: 3, why: 'a whole division' },
  { source: '-7 // 2', value: -4, why: 'rounded down' },
  { source: '-7 % 3', value: 2, why: 'the sign of the divisor' },
  { source: '2 ** 3 ** 2', value: 512, why: 'powers from the right' },
  { source: '-2 ** 2', value: -4, why: 'powers before signs' },
  { source: '2 ** -1', value: 0.5, why: 'a negative power' },
  { source: '5 ^ 1 | 8 & 12', value: 12, why: 'bits: exclusive, or, and' },
  { source: '1 < 2', value: true, why: 'a comparison' },
  { source: '1 < 3 < 2', value: false, why: 'a chain' },
  { source: 'a == "a"', value: true, why: 'a bare word is a text' },
  { source: "'n1.acme.com' != n1", value: true, why: 'dots need quotes' },
  { source: '1 == "1"', value: false, why: 'a number is no text' },
  { source: 'true == 1', value: true, why: 'a boolean is a number' },
  { source: 'a < b', value: true, why: 'texts have an order' },
  { source: 'n1 in (n1, n2)', value: true, why: 'a tuple' },
  { source: 'n1 in (n2,)', value: false, why: 'a tuple of one' },
  { source: 'n1 in ()', value: false, why: 'an empty tuple' },
  { source: 'n1 not in (n1, n2)', value: false, why: 'negated' },
  { source: 'a in "abc"', value: true, why: 'part of a text' },
  { source: 'not 1 == 2 and 3', value: 3, why: 'and gives its operand' },
  { source: '0 or ""', value: '', why: 'so does or' },
  { source: '"a" + "b"', value: 'ab', why: 'texts are joined' },
  { source: 'true & false', value: false, why: 'bits of booleans' },
  { source: '1e3 + .5', value: 1000.5, why: 'numbers' },
  { source: 'word', value: 'word', why: 'one word' },
  { source: '', value: undefined, why: 'nothing' },
  { source: '1 +', value: undefined, why: 'half an expression' },
  { source: '1 2', value: undefined, why: 'two' },
  { source: 'a b', value: undefined, why: 'two words' },
  { source: '10.0.0.1', value: undefined, why: 'no number' },
  { source: '2x', value: undefined, why: 'no number' },
  { source: '1 / 0', value: undefined, why: 'division by zero' },
  { source: '1 % 0', value: undefined, why: 'the same' },
  { source: '1 + "a"', value: undefined, why: 'a number and a text' },
  { source: '"a" * 3', value: undefined, why: 'texts are not multiplied' },
  { source: '1.5 | 1', value: undefined, why: 'bits of a fraction' },
  { source: '1 in 2', value: undefined, why: 'in a number' },
  { source: '(1, 2)', value: undefined, why: 'a list is no value' },
  { source: '(1', value: undefined, why: 'not closed' },
  { source: 'and', value: undefined, why: 'an operator alone' },
  { source: '__import__("os")', value: undefined, why: 'nothing is called' },
  { source: 'a.b', value: undefined, why: 'nothing is reached into' },
  { source: '2 ** 64', value: undefined, why: 'not exact' },
  { source: '9**9**9**9', value: undefined, why: 'not finite' },
  { source: '10 ** 400', value: undefined, why: 'not finite' },
];

test.each(expressions)('$($source): $why', ({ source, value }) => {
  if (value !== undefined) return expect(evaluateExpression(source).value).toBe(value);
  return expect(() => evaluateExpression(source)).toThrow(
    expect.objectContaining({ code: 'E_EXPRESSION', exitCode: 78 }),
  );
});

test.each([
  { text: '$({#nodes} - 1)', value: 2, why: 'the type of a whole expression stays' },
  { text: ' $({flex_min} > 1) ', value: true, why: 'blanks around do not matter' },
  { text: '$(4 / 2)G', value: '2G', why: 'no decimals in a text' },
  { text: '$(1+1)-$(2+2)', value: '2-4', why: 'two expressions' },
  { text: '$((1+2)*3) (x)', value: '9 (x)', why: 'up to its own parenthesis' },
  { text: `$(")" + 'x')`, value: ')x', why: 'quotes hide parentheses' },
  { text: '$("{nodename}" == "n1.acme.com")', value: true, why: 'references inside' },
])('$text: $why', ({ text, value }) => {
  expect(evaluate(text)).toBe(value);
});

describe('hostile input', () => {
  const mib = 1 << 20;
  const long = (lines: string[]): string => `[DEFAULT]\n${lines.join('\n')}\n`;
  const doubling = Array.from({ length: 40 }, (_, at) => `k${at} = {k${at + 1}}{k${at + 1}}`);
  const wide = Array.from({ length: 18 }, (_, at) => `k${at} = ${`{k${at + 1}}`.repeat(50)}`);
  test.each([
    { name: 'open braces', text: long([`k0 = ${'{'.repeat(mib)}`]) },
    { name: 'open tokens', text: long([`k0 = ${'{a'.repeat(mib / 2)}`]) },
    { name: 'one endless token', text: long([`k0 = {${'a'.repeat(mib)}`]) },
    { name: 'nested tokens', text: long([`k0 = ${'{a['.repeat(10_000)}0${']}'.repeat(10_000)}`]) },
    { name: 'open expressions', text: long([`k0 = ${'$('.repeat(mib / 2)}`]) },
    {
      name: 'deep parentheses',
      text: long([`k0 = $(${'('.repeat(20_000)}1${')'.repeat(20_000)})`]),
    },
    { name: 'deep powers', text: long([`k0 = $(${'9**'.repeat(10_000)}9)`]) },
    { name: 'deep signs', text: long([`k0 = $(${'-'.repeat(30_000)}9)`]) },
    { name: 'deep negations', text: long([`k0 = $(${'not '.repeat(10_000)}9)`]) },
    { name: 'a long number', text: long([`k0 = $(${'1'.repeat(60_000)}x)`]) },
    { name: 'a huge expression', text: long([`k0 = $(${'1+'.repeat(mib / 2)}1)`]) },
    { name: 'doubling references', text: long([...doubling, 'k40 = x']) },
    { name: 'wide references', text: long([...wide, `k18 = ${'x'.repeat(1000)}`]) },
    {
      name: 'counted long values',
      text: long([`k0 = ${'{#k1}'.repeat(50_000)}`, `k1 = ${'x '.repeat(mib / 2)}`]),
    },
    { name: 'itself', text: long(['k0 = {k0}']) },
    { name: 'many broken expressions', text: long([`k0 = ${'$(1 + ) '.repeat(50_000)}`]) },
    { name: 'many quotes', text: long([`k0 = ${`$("`.repeat(100_000)}`]) },
  ])('$name end within two seconds', ({ text }) => {
    const evaluator = createEvaluator(parseIni(text), { ...context, tableOf: () => undefined });
    for (const command of [false, true]) {
      const start = cpuMs();
      try {
        const raw = evaluator.find('DEFAULT', 'k0')?.text ?? '';
        const { value } = evaluator.evaluate(raw, 'DEFAULT', command);
        expect(String(value).length).toBeLessThanOrEqual(mib);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^E_(REFERENCE|EXPRESSION)$/) });
      }
      expect(cpuMs() - start).toBeLessThan(2000);
    }
  });

  test('any text is evaluated or refused', () => {
    const part = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.constantFrom(
        '{',
        '}',
        '$(',
        ')',
        '(',
        '#',
        '[',
        ']',
        'nodes',
        '.',
        ':',
        '-',
        '1',
        'in',
        '"',
      ),
    );
    const evaluator = createEvaluator(parseIni(file), context);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, command) => {
        try {
          evaluator.evaluate(parts.join(''), 'disk#1', command);
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^E_(REFERENCE|EXPRESSION)$/),
          });
          if (command)
            expect(error).toMatchObject({ message: expect.stringMatching(/words|circle/) });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
