import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  convert,
  convertKeyword,
  displayOfValue,
  quoteValue,
  textOfValue,
} from '../../lib/config/convert.js';
import { globMatches } from '../../lib/config/glob.js';
import { defineKeywords, type Values } from '../../lib/config/keyword.js';
import {
  quoteShellWords,
  splitExpandedShellWords,
  splitShellWords,
} from '../../lib/config/shlex.js';
import { cpuMs } from '../support/cpu-time.js';

const nodes = [
  { name: 'n1', labels: { site: 'A' } },
  { name: 'n2', labels: { site: 'b' } },
  { name: 'web1' },
];

const accepted = [
  { kind: 'string', text: ' any ', value: ' any ', why: 'any text' },
  { kind: 'lower', text: 'ABC', value: 'abc', why: 'lower case' },
  { kind: 'path', text: '/srv/a', value: '/srv/a', why: 'an absolute path' },
  { kind: 'boolean', text: 'Yes', value: true, why: 'any case' },
  { kind: 'boolean', text: 't', value: true, why: 'one letter' },
  { kind: 'boolean', text: '0.0', value: false, why: 'a zero' },
  { kind: 'boolean', text: '{}', value: false, why: 'nothing, in JSON' },
  { kind: 'boolean', text: '', value: false, why: 'nothing' },
  { kind: 'tristate', text: 'none', value: false, why: 'set is not null' },
  { kind: 'integer', text: '12', value: 12, why: 'an integer' },
  { kind: 'integer', text: ' -3.9 ', value: -3, why: 'int(float(x))' },
  { kind: 'integer', text: '1e3', value: 1000, why: 'an exponent' },
  { kind: 'integer', text: '1k', value: 1024, why: 'else a size' },
  { kind: 'integer', text: '-0', value: 0, why: 'zero has no sign' },
  { kind: 'duration', text: '5m', value: 300_000, why: 'milliseconds' },
  { kind: 'size', text: '1,5G', value: 1_610_612_736, why: 'bytes' },
  { kind: 'size_or_share', text: '50%FREE', value: '50%FREE', why: 'a share passes' },
  { kind: 'size_or_share', text: '1g', value: 1_073_741_824, why: 'or a size' },
  { kind: 'speed_kps', text: '10m/s', value: 10_240, why: 'KB per second' },
  { kind: 'list', text: ' a\n b\tc ', value: ['a', 'b', 'c'], why: 'newlines separate' },
  { kind: 'list', text: '', value: [], why: 'no word' },
  { kind: 'list_lower', text: 'N1 n2', value: ['n1', 'n2'], why: 'lower case' },
  { kind: 'list_comma', text: 'a, b,,c', value: ['a', 'b', 'c'], why: 'commas separate' },
  { kind: 'set', text: 'b a b', value: ['b', 'a'], why: 'no duplicates' },
  { kind: 'shlex', text: `-o "a b" c\\ d`, value: ['-o', 'a b', 'c d'], why: 'words of a shell' },
  { kind: 'expanded_shlex', text: '-it --rm', value: ['-i', '-t', '--rm'], why: 'spelt out' },
  { kind: 'nodes_selector', text: 'N*', value: ['n1', 'n2'], why: 'a glob' },
  { kind: 'nodes_selector', text: 'site=a web1', value: ['n1', 'web1'], why: 'a label and a name' },
  { kind: 'nodes_selector', text: 'n1 n?', value: ['n1', 'n2'], why: 'each node once' },
  { kind: 'schedule', text: '["@1", "x"]', value: '["@1", "x"]', why: 'as written' },
] as const;

test.each(accepted)('$kind $text: $why', ({ kind, text, value }) => {
  expect(convert(kind, text, { nodes })).toEqual(value);
});

const refused = [
  { kind: 'path', text: 'srv', says: 'an absolute path', why: 'relative' },
  { kind: 'boolean', text: 'maybe', says: '"maybe" is not a boolean', why: 'a word' },
  { kind: 'tristate', text: 'perhaps', says: 'a boolean', why: 'a word' },
  { kind: 'integer', text: 'ten', says: 'an integer', why: 'a word' },
  { kind: 'integer', text: '', says: 'an integer', why: 'nothing' },
  { kind: 'integer', text: '1e400', says: 'an integer', why: 'infinite' },
  { kind: 'duration', text: '5 apples', says: 'a bare number counts s', why: 'a word' },
  { kind: 'size', text: '5%FREE', says: 'a size such as', why: 'a share is not expected' },
  { kind: 'size_or_share', text: '5%X', says: 'or a share', why: 'a share of nothing' },
  { kind: 'speed_kps', text: 'fast', says: 'a rate', why: 'a word' },
  { kind: 'shlex', text: "a 'b", says: 'not closed', why: 'an open quote' },
  { kind: 'schedule', text: 'x', says: 'no such day', why: 'the schedule room says why' },
] as const;

test.each(refused)('refuses $kind $text: $why', ({ kind, text, says }) => {
  const checkSchedule = () => 'no such day';
  expect(() => convert(kind, text, { checkSchedule })).toThrow(
    expect.objectContaining({
      code: 'E_VALUE',
      exitCode: 78,
      message: expect.stringContaining(says),
    }),
  );
});

describe('keywords', () => {
  const keyword = { kind: 'lower', candidates: ['flex', 'failover'], text: '' } as const;
  test.each([
    { extra: { strict: true }, text: 'FLEX', value: 'flex', why: 'a candidate in any case' },
    { extra: {}, text: 'other', value: 'other', why: 'candidates are proposals' },
  ])('$text: $why', ({ extra, text, value }) => {
    expect(convertKeyword({ ...keyword, ...extra }, text)).toBe(value);
  });

  test('a strict list of candidates refuses strangers', () => {
    expect(() => convertKeyword({ ...keyword, strict: true }, 'other')).toThrow(
      '"other" is not one of flex, failover',
    );
    const words = { kind: 'list', candidates: ['a'], strict: true, text: '' } as const;
    expect(() => convertKeyword(words, 'a b')).toThrow('"b" is not one of a');
  });

  test('an error never shows a secret', () => {
    const secret = { kind: 'integer', secret: true, text: '' } as const;
    expect(() => convertKeyword(secret, 'hunter2')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  test('the unit of a keyword counts bare numbers, and is what scripts see', () => {
    const interval = { kind: 'duration', unit: 'm', text: '' } as const;
    expect(convertKeyword(interval, '121')).toBe(7_260_000);
    expect(textOfValue(interval, 7_260_000)).toBe('121');
    expect(displayOfValue(interval, 7_260_000)).toBe('2h1m');
    expect(textOfValue({ kind: 'list' }, ['a', 'b'])).toBe('a b');
    expect(textOfValue({ kind: 'tristate' }, null)).toBe('');
    expect(displayOfValue({ kind: 'size' }, 1024)).toBe('1024');
  });

  test('a table gives its values their types', () => {
    const table = defineKeywords({
      file: { kind: 'path', required: true, text: '' },
      size: { kind: 'size', default: '100m', provisioning: true, text: '' },
      pvs: { kind: 'list', required: true, provisioning: true, text: '' },
      timeout: { kind: 'duration', text: '' },
      standby: { kind: 'tristate', text: '' },
      topology: {
        kind: 'lower',
        default: 'flex',
        strict: true,
        candidates: ['flex', 'failover'],
        text: '',
      },
    });
    type Converted = Values<typeof table>;
    expectTypeOf<Converted['file']>().toEqualTypeOf<string>();
    expectTypeOf<Converted['size']>().toEqualTypeOf<number>();
    expectTypeOf<Converted['pvs']>().toEqualTypeOf<readonly string[] | undefined>();
    expectTypeOf<Converted['timeout']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Converted['standby']>().toEqualTypeOf<boolean | null>();
    expectTypeOf<Converted['topology']>().toEqualTypeOf<'flex' | 'failover'>();
  });

  test('a long or odd value is shown short and harmless', () => {
    expect(quoteValue(`\x1b${'x'.repeat(500)}`)).toMatch(/^"\\u001bx{59}…"$/);
  });
});

test.each([
  { text: `a 'b c' "d\\"e" f\\ g`, words: ['a', 'b c', 'd"e', 'f g'], why: 'every protection' },
  { text: `a''b ''`, words: ['ab', ''], why: 'quotes join, and make empty words' },
  { text: 'a\\\nb "c\\\nd"', words: ['ab', 'cd'], why: 'a backslash joins lines' },
  { text: `"\\x \\$"`, words: ['\\x $'], why: 'most backslashes in double quotes stay' },
  { text: '$HOME `x` # y', words: ['$HOME', '`x`', '#', 'y'], why: 'nothing is expanded' },
  { text: ' \n\t', words: [], why: 'only blanks' },
])('shell words of $text: $why', ({ text, words }) => {
  expect(splitShellWords(text)).toEqual(words);
});

test.each([`'a`, `"a`, 'a\\', `"a\\"`])('%s is not closed', (text) => {
  expect(() => splitShellWords(text)).toThrow(expect.objectContaining({ code: 'E_VALUE' }));
});

test.each([
  { text: '-it', words: ['-i', '-t'], why: 'two letters' },
  { text: '-i --name x -p80', words: ['-i', '--name', 'x', '-p80'], why: 'nothing else' },
])('expanded shell words of $text: $why', ({ text, words }) => {
  expect(splitExpandedShellWords(text)).toEqual(words);
});

test('what is quoted is split back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      expect(splitShellWords(quoteShellWords(words))).toEqual(words);
    }),
  );
});

test.each([
  { glob: '*', text: '', is: true, why: 'nothing is anything' },
  { glob: 'n*1', text: 'node/11', is: true, why: 'a star crosses slashes' },
  { glob: 'n?', text: 'n', is: false, why: 'a question mark is one character' },
  { glob: '[a-c]x', text: 'bx', is: true, why: 'a range' },
  { glob: '[!a-c]x', text: 'bx', is: false, why: 'not in a range' },
  { glob: '[]x', text: '[]x', is: true, why: 'an open bracket is itself' },
  { glob: '*a*b*c', text: 'xxaxxbxxc', is: true, why: 'several stars' },
  { glob: 'a', text: 'ab', is: false, why: 'the whole text' },
  { glob: `${'*a'.repeat(50)}b`, text: 'a'.repeat(5000), is: false, why: 'hostile, and quick' },
])('glob $glob on $text: $why', ({ glob, text, is }) => {
  expect(globMatches(glob, text)).toBe(is);
});

test('hostile values are refused quickly', () => {
  const start = cpuMs();
  const long = 'x'.repeat(1 << 20);
  for (const text of [
    long,
    '1'.repeat(1 << 20),
    ' '.repeat(1 << 20),
    `${'\\a'.repeat(1 << 19)}"`,
  ]) {
    for (const kind of ['boolean', 'integer', 'duration', 'size', 'list_comma', 'shlex'] as const) {
      try {
        convert(kind, text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_VALUE' });
      }
    }
  }
  expect(cpuMs() - start).toBeLessThan(3000);
});
