import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxIniBytes, parseIni } from '../../lib/config/ini.js';
import { cpuMs } from '../support/cpu-time.js';

/** The readable content, `{section: {key: value}}`. */
function contentOf(input: string | Uint8Array): Record<string, Record<string, string>> {
  return Object.fromEntries(
    parseIni(input).sections.map(({ name, entries }) => [
      name,
      Object.fromEntries(entries.map(({ key, value }) => [key, value])),
    ]),
  );
}

const readable = [
  { text: '[a]\nk = v\n', content: { a: { k: 'v' } }, why: 'the plain form' },
  { text: '\ufeff[a]\nk = v\n', content: { a: { k: 'v' } }, why: 'a byte order mark' },
  { text: '[a]\r\nk = v\r\n', content: { a: { k: 'v' } }, why: 'carriage returns' },
  { text: '[a]\nk: v', content: { a: { k: 'v' } }, why: 'a colon, no line feed at the end' },
  { text: '[a]\nk = a:b=c', content: { a: { k: 'a:b=c' } }, why: 'the first delimiter counts' },
  { text: '[a]\nk : a=b', content: { a: { k: 'a=b' } }, why: 'the first of either kind' },
  { text: '[a]\n\tk', content: { a: {} }, why: 'an indented line before any keyword', bad: 1 },
  { text: '[a]\nk = 1\nK = 2', content: { a: { K: '2' } }, why: 'keywords ignore case, last wins' },
  {
    text: '[a]\nx=1\n[b]\ny=2\n[a]\nx=3',
    content: { a: { x: '3' }, b: { y: '2' } },
    why: 'merged',
  },
  { text: '[A]\n[a]\n', content: { A: {}, a: {} }, why: 'sections mind case' },
  { text: '[fs#1]\n[a]b]\n', content: { 'fs#1': {}, 'a]b': {} }, why: 'the outermost brackets' },
  { text: '[a] ; c\nk=1', content: { a: { k: '1' } }, why: 'a comment after a header' },
  { text: '# c\n; c\n[a]\n# c\n', content: { a: {} }, why: 'comments' },
  {
    text: '[a]\nk = 1\n  # c\n  2\n',
    content: { a: { k: '1\n2' } },
    why: 'comments inside a value',
  },
  { text: '[a]\nk = 1\n\n  2\n', content: { a: { k: '1\n2' } }, why: 'blank lines inside a value' },
  { text: '[a]\nk =\n  1\n  2\n', content: { a: { k: '1\n2' } }, why: 'a value that starts below' },
  { text: '[a]\nk = 1 ; c\n  2 ; c\n', content: { a: { k: '1\n2' } }, why: 'inline comments' },
  { text: '[a]\nk = a; b ; c', content: { a: { k: 'a; b' } }, why: 'a blank before the semicolon' },
  { text: '[a]\nk = ;c', content: { a: { k: '' } }, why: 'nothing but a comment' },
  { text: '[a]\nk =;c', content: { a: { k: ';c' } }, why: 'no blank before the semicolon' },
  { text: '[a]\nk = a # b', content: { a: { k: 'a # b' } }, why: '# starts no inline comment' },
  { text: '[a]\nk = ""\nl = "" x', content: { a: { k: '', l: '"" x' } }, why: 'the empty string' },
  { text: '[a]\nk =', content: { a: { k: '' } }, why: 'nothing' },
  { text: '[a]\nk@n1 = v', content: { a: { 'k@n1': 'v' } }, why: 'scopes are part of the key' },
  { text: '[a]\nk = 1\n  [b]\n', content: { a: { k: '1\n[b]' } }, why: 'an indented bracket' },
  {
    text: '[__proto__]\n__proto__ = 1',
    content: { ['__proto__']: { ['__proto__']: '1' } },
    why: 'names',
  },
  { text: '', content: {}, why: 'an empty file' },
];

test.each(readable)('$text: $why', ({ text, content, bad = 0 }) => {
  expect(contentOf(text)).toEqual(content);
  expect(parseIni(text).problems).toHaveLength(bad);
});

const broken = [
  { text: '[a]\nfoo\n[b]\nx=1', at: [2, 1], off: ['a'], why: 'a keyword without delimiter' },
  { text: '[a]\n= v\n[b]', at: [2, 1], off: ['a'], why: 'no keyword' },
  { text: 'x = 1\n[a]\n', at: [1, 1], off: [], why: 'a keyword before any section' },
  { text: '[a]\nx=1\n[b\ny=2\n[c]', at: [3, 3], off: ['b'], why: 'no closing bracket' },
  { text: '[a] x\n[b]', at: [1, 4], off: ['a'], why: 'text after a header' },
  { text: '[a]\n[]\nx=1\n[b]', at: [2, 2], off: [''], why: 'no name' },
  { text: '[a]\nk = a\0b\n[b]', at: [2, 6], off: ['a'], why: 'a NUL byte' },
  { text: '[a]\nk = a\rb\n[b]', at: [2, 6], off: ['a'], why: 'a lone carriage return' },
  { text: '[a\x1b]\nk = a\n[b]', at: [1, 3], off: ['a\x1b'], why: 'an escape in a header' },
  { text: '[a]\n  x\n[b]', at: [2, 3], off: ['a'], why: 'an indented line without keyword' },
  { text: '[a]\nx=1\n[b]\n[a]\nfoo', at: [5, 1], off: ['a'], why: 'a repeated section' },
  {
    text: '[a]\nbad\n  more\n[b]',
    at: [2, 1],
    off: ['a'],
    why: 'what follows a bad line is part of it',
  },
];

test.each(broken)('$text: $why', ({ text, at, off }) => {
  const { problems, sections } = parseIni(text);
  expect(problems.map(({ line, column }) => [line, column])).toEqual([at]);
  expect(sections.filter((section) => section.broken).map(({ name }) => name)).toEqual(off);
});

test('the other keywords of a broken section can be read', () => {
  const text = '[a]\nx = 1\nfoo\ny = 2\n  3\n[b]\nz = 4\n';
  expect(contentOf(text)).toEqual({ a: { x: '1', y: '2\n3' }, b: { z: '4' } });
});

test('a section after a broken header is not taken for the one before', () => {
  expect(contentOf('[a]\nx = 1\n[fs#1\nx = 2\n')).toEqual({ a: { x: '1' }, 'fs#1': { x: '2' } });
});

test('sections and keywords know their lines', () => {
  const { sections, byName } = parseIni('# c\n[a]\n\nK = 1\nl = 2\n\n[b]\n[a]\nk = 3\n');
  expect(sections.map(({ name, line }) => [name, line])).toEqual([
    ['a', 2],
    ['b', 7],
  ]);
  expect(byName.get('a')?.entries).toEqual([
    { key: 'k', value: '3', line: 9 },
    { key: 'l', value: '2', line: 5 },
  ]);
  expect(byName.get('a')?.byKey.get('k')?.line).toBe(9);
});

describe('bytes', () => {
  test('a line that is not UTF-8 disables its section only', () => {
    const text = Buffer.from('[a]\nk = caf\xe9\n[b]\n# caf\xe9\nx = 1\n', 'latin1');
    const { problems, byName } = parseIni(text);
    expect(problems).toEqual([{ line: 2, column: 1, message: 'not valid UTF-8', section: 'a' }]);
    expect(byName.get('b')).toMatchObject({ broken: false });
  });

  test('a file with a tail of zeros keeps its first sections', () => {
    const tail = Buffer.alloc(4096);
    const text = Buffer.concat([Buffer.from('[a]\nk = v\n[b]\nx = 1\n'), tail]);
    expect(parseIni(text).sections.map(({ broken }) => broken)).toEqual([false, true]);
  });

  test('UTF-16 is no configuration', () => {
    const { problems, sections } = parseIni(Buffer.from('\ufeff[a]\nk = v\n', 'utf16le'));
    expect(problems.length).toBeGreaterThan(0);
    expect(sections.filter((section) => !section.broken)).toEqual([]);
  });
});

describe('hostile input', () => {
  test('a file beyond the limit is refused as a whole', () => {
    const { sections, problems } = parseIni(Buffer.alloc(maxIniBytes + 1, 'a'));
    expect(sections).toEqual([]);
    expect(problems).toMatchObject([{ line: 1, message: 'the file is larger than 4 MiB' }]);
  });

  const mib = 1 << 20;
  test.each([
    { name: 'one long line', text: () => `[a]\nk = ${'x'.repeat(3 * mib)}` },
    { name: 'one long line of blanks and semicolons', text: () => `[a]\nk = ${' ;'.repeat(mib)}` },
    { name: 'a long keyword', text: () => `[a]\n${'x'.repeat(3 * mib)}` },
    { name: 'open brackets', text: () => '['.repeat(3 * mib) },
    { name: 'closed brackets', text: () => '[]'.repeat(mib) },
    { name: 'many headers', text: () => '[a\n'.repeat(mib) },
    {
      name: 'many sections',
      text: () => Array.from({ length: 300_000 }, (_, at) => `[${at}]\n`).join(''),
    },
    { name: 'many bad lines', text: () => `[a]\n${'x\n'.repeat(mib)}` },
    { name: 'many continuation lines', text: () => `[a]\nk=1\n${' x\n'.repeat(mib)}` },
    { name: 'line feeds', text: () => '\n'.repeat(4 * mib) },
    { name: 'blanks', text: () => ' '.repeat(4 * mib) },
    { name: 'ten million characters', text: () => `[a]\nk = ${'x'.repeat(10 * mib)}` },
  ])('$name take less than two seconds', ({ text }) => {
    const input = text();
    const start = cpuMs();
    const { problems } = parseIni(input);
    expect(cpuMs() - start).toBeLessThan(2000);
    expect(problems.length).toBeLessThanOrEqual(100);
  });

  const sample = [
    '# service',
    '[DEFAULT]',
    'nodes = n1 n2',
    'id = 1234',
    '[fs#1]',
    'dev = /dev/vg/lv',
    'post_start = echo a; echo b ; c',
    '[task#1]',
    'command = /bin/true',
    '\targ',
    '',
  ].join('\n');

  test('three hundred mutated files are read', () => {
    const mutation = fc.record({
      at: fc.nat(sample.length),
      cut: fc.nat(20),
      by: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 10 }),
        fc.constantFrom('[', ']', '=', '\n', '\n ', '\0', '\r', ' ;', '{', '$(', '\u2028', '#'),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const text = mutations.reduce(
          (current, { at, cut, by }) => current.slice(0, at) + by + current.slice(at + cut),
          sample,
        );
        const { sections, problems } = parseIni(text);
        const disabled = new Set(problems.map(({ section }) => section));
        for (const { name, broken } of sections) expect(broken).toBe(disabled.has(name));
        for (const { line, column } of problems) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  test('any bytes are read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(parseIni(bytes).problems.length).toBeLessThanOrEqual(100);
      }),
      { numRuns: 500 },
    );
  });
});
