import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdits, removeSection, setValue, unsetKey } from '../../lib/config/edit.js';
import { parseIni } from '../../lib/config/ini.js';
import { cpuMs } from '../support/cpu-time.js';

const sets = [
  { text: '', to: '[a]\nk = v\n', why: 'the first section of a file' },
  {
    text: '[b]\nx = 1\n',
    to: '[b]\nx = 1\n\n[a]\nk = v\n',
    why: 'a new section after a blank line',
  },
  { text: '[b]\nx = 1\n\n', to: '[b]\nx = 1\n\n[a]\nk = v\n', why: 'one blank line is enough' },
  { text: '[b]\nx = 1', to: '[b]\nx = 1\n\n[a]\nk = v\n', why: 'a last line without line feed' },
  { text: '[a]\n', to: '[a]\nk = v\n', why: 'an empty section' },
  { text: '[a]', to: '[a]\nk = v\n', why: 'a header without line feed' },
  {
    text: '[a]\nx = 1\n\n[b]\n',
    to: '[a]\nx = 1\nk = v\n\n[b]\n',
    why: 'blank lines stay between',
  },
  {
    text: '[a]\nx = 1\n# c\n[b]\n',
    to: '[a]\nx = 1\n# c\nk = v\n[b]\n',
    why: 'after a last comment',
  },
  {
    text: '[a]\nx = 1\n\n# about b\n[b]\n',
    to: '[a]\nx = 1\nk = v\n\n# about b\n[b]\n',
    why: 'the heading of the next section stays with it',
  },
  { text: '[a]\nk = 1\n', to: '[a]\nk = v\n', why: 'a value is replaced' },
  { text: '[a]\nK=1\n', to: '[a]\nK=v\n', why: 'the spelling of the line stays' },
  { text: '[a]\nk:\n', to: '[a]\nk: v\n', why: 'a blank where there was nothing' },
  { text: '[a]\nk = 1 ; why\n', to: '[a]\nk = v ; why\n', why: 'the inline comment stays' },
  {
    text: '[a]\nk = 1\n  2\n\n  3\nx = 1\n',
    to: '[a]\nk = v\n\nx = 1\n',
    why: 'continuation goes',
  },
  { text: '[a]\nk = 1\n # c\n  2\n', to: '[a]\nk = v\n # c\n', why: 'comments inside stay' },
  { text: '[a]\nk = 1\nx = 1\nk = 2\n', to: '[a]\nk = v\nx = 1\n', why: 'later duplicates go' },
  {
    text: '[a]\nk = 1\n[b]\n[a]\nk = 2\n y\n',
    to: '[a]\nk = v\n[b]\n[a]\n',
    why: 'also in a repeated section',
  },
  { text: '[b]\nk = 1\n[a]\n', to: '[b]\nk = 1\n[a]\nk = v\n', why: 'other sections stay' },
  { text: '[a]\r\nk = 1\r\n', to: '[a]\r\nk = v\r\n', why: 'line ends stay' },
  { text: '[a]\nk = v\nk@n1 = 2\n', to: '[a]\nk = v\nk@n1 = 2\n', why: 'an equal value: nothing' },
  { text: '[a]\nk = v ; c', to: '[a]\nk = v ; c', why: 'equal without its comment' },
  { text: '[a]\n# k = 1\n', to: '[a]\n# k = 1\nk = v\n', why: 'a comment is no keyword' },
  {
    text: '[a]\nbroken\n\n  lost\n[b]\n',
    to: '[a]\nbroken\n\n  lost\nk = v\n[b]\n',
    why: 'what belongs to a broken line stays with it',
  },
  { text: '[a]\nbroken\nk = 1\n', to: '[a]\nbroken\nk = v\n', why: 'broken lines are left alone' },
  { text: '\ufeff[a]\nk = 1\n', to: '\ufeff[a]\nk = v\n', why: 'a byte order mark stays' },
];

test.each(sets)('set a.k in $text: $why', ({ text, to }) => {
  expect(setValue(text, 'a', 'k', 'v')).toBe(to);
});

test.each([
  { value: '1\n2', to: '[a]\nk = 1\n\t2\n', why: 'further lines are indented by a tab' },
  { value: ' 1 \n\n 2 ', to: '[a]\nk = 1\n\t2\n', why: 'lines are trimmed, empty ones dropped' },
  { value: '', to: '[a]\nk = ""\n', why: 'the empty string is said' },
  { value: '""', to: '[a]\nk = ""\n', why: 'in either form' },
  { value: '["a", "b"]', to: '[a]\nk = ["a", "b"]\n', why: 'brackets are no header here' },
  { value: '# x', to: '[a]\nk = # x\n', why: 'no comment after a delimiter' },
])('set a.k to $value: $why', ({ value, to }) => {
  expect(setValue('', 'a', 'k', value)).toBe(to);
});

test.each([
  { section: 'a', key: 'k', value: 'a ; b', why: 'an inline comment' },
  { section: 'a', key: 'k', value: '; b', why: 'nothing but a comment' },
  { section: 'a', key: 'k', value: 'a\n# b', why: 'a comment line' },
  { section: 'a', key: 'k', value: 'a\0b', why: 'a control character' },
  { section: 'a', key: 'k', value: 'a\rb', why: 'half a line end' },
  { section: 'a', key: 'k=x', value: 'v', why: 'a delimiter in the keyword' },
  { section: 'a', key: '', value: 'v', why: 'no keyword' },
  { section: 'a', key: '#k', value: 'v', why: 'a keyword that is a comment' },
  { section: 'a', key: '[k]', value: 'v', why: 'a keyword that is a header' },
  { section: 'a', key: ' k', value: 'v', why: 'an indented keyword' },
  { section: 'a', key: 'k\nl', value: 'v', why: 'a keyword of two lines' },
  { section: 'a]\n[b', key: 'k', value: 'v', why: 'a section of two lines' },
  { section: '', key: 'k', value: 'v', why: 'a section without name' },
])('refuses to set $section.$key to $value: $why', ({ section, key, value }) => {
  expect(() => setValue('[a]\nk = 1\n', section, key, value)).toThrow(
    expect.objectContaining({ code: 'E_CONFIG_VALUE', exitCode: 78 }),
  );
});

test.each([
  { text: '[a]\nk = 1\nx = 2\n', to: '[a]\nx = 2\n', why: 'its line goes' },
  { text: '[a]\nK = 1\n 2\n\nx = 2\n', to: '[a]\n\nx = 2\n', why: 'with its continuation' },
  { text: '[a]\nk = 1\n[a]\nk = 2\n', to: '[a]\n[a]\n', why: 'everywhere' },
  { text: '[a]\nk@n1 = 1\n', to: '[a]\nk@n1 = 1\n', why: 'a scoped keyword is another one' },
  { text: '[b]\nk = 1\n', to: '[b]\nk = 1\n', why: 'another section' },
])('unset a.k in $text: $why', ({ text, to }) => {
  expect(unsetKey(text, 'a', 'k')).toBe(to);
});

test.each([
  { text: '[a]\nk = 1\n\n[b]\nx = 1\n', to: '[b]\nx = 1\n', why: 'up to the next header' },
  { text: '[b]\n\n[a]\nk = 1\n', to: '[b]\n\n', why: 'to the end' },
  { text: '[a]\n\n# about b\n[b]\n', to: '# about b\n[b]\n', why: 'not the heading of the next' },
  { text: '[a]\nk=1\n[b]\n[a]\nx=1\n', to: '[b]\n', why: 'every repetition' },
  { text: '[b]\n', to: '[b]\n', why: 'nothing to remove' },
])('remove a from $text: $why', ({ text, to }) => {
  expect(removeSection(text, 'a')).toBe(to);
});

test('edits apply in order', () => {
  const edits = [
    { op: 'set', section: 'a', key: 'k', value: '1' },
    { op: 'set', section: 'b', key: 'x', value: '2' },
    { op: 'unset', section: 'a', key: 'k' },
    { op: 'remove', section: 'b' },
  ] as const;
  expect(applyEdits('', edits)).toBe('[a]\n\n');
});

describe('properties', () => {
  const line = fc.constantFrom(
    '[a]',
    '[b]',
    '[a] ; again',
    'k = 1',
    'K=2 ; c',
    'x : 3',
    '  more',
    '\t# c',
    '# c',
    '; c',
    '',
    'broken',
    '[c',
    'k@n1 = 4',
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([lines, feed, ended]) => lines.join(feed) + (ended ? feed : ''));
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('v', '1', 'a\nb', 'x; y', '""', 'a = b', '[z]', 'caf\u00e9 \u{1f600}'),
  );

  test('what is set is read back, and every other line stays', () => {
    fc.assert(
      fc.property(text, value, (before, wanted) => {
        let after: string;
        try {
          after = setValue(before, 'a', 'k', wanted);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_CONFIG_VALUE' });
          return;
        }
        const read = parseIni(after).byName.get('a')?.byKey.get('k')?.value;
        const expected = wanted
          .split('\n')
          .map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''))
          .filter((part) => part !== '')
          .join('\n');
        expect(read).toBe(expected === '""' ? '' : expected);
        expect(setValue(after, 'a', 'k', wanted)).toBe(after);
        expect(others(after)).toEqual(others(before));
      }),
      { numRuns: 500 },
    );
  });

  test('what is unset is gone, and every other keyword stays', () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = unsetKey(before, 'a', 'k');
        expect(parseIni(after).byName.get('a')?.byKey.has('k') ?? false).toBe(false);
        expect(others(after)).toEqual(others(before));
        const removed = removeSection(before, 'a');
        expect(parseIni(removed).byName.has('a')).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  /** Every keyword but a.k, every comment and every problem. */
  function others(after: string): unknown {
    const { sections, problems } = parseIni(after);
    return [
      sections.flatMap(({ name, entries }) =>
        entries
          .filter(({ key }) => name !== 'a' || key.toLowerCase() !== 'k')
          .map(({ key, value }) => [name, key, value]),
      ),
      problems.map(({ message }) => message),
      after.split(/\r?\n/).filter((part) => /^\s*[#;]/.test(part)),
    ];
  }

  test('a large file is edited in less than two seconds', () => {
    const large = Array.from({ length: 20_000 }, (_, at) => `[s${at}]\nk = ${at}\n# c\n\n`).join(
      '',
    );
    const start = cpuMs();
    const after = setValue(large, 's19999', 'x', 'v');
    expect(cpuMs() - start).toBeLessThan(2000);
    expect(after).toBe(`${large.slice(0, -1)}x = v\n\n`);
  });
});
