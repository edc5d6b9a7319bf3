/** What operators type to change a service: whatever it is, no stack comes of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdits } from '../../lib/config/edit.js';
import { parseIni } from '../../lib/config/ini.js';
import { AgentError } from '../../lib/errors/agent-error.js';
import { editsOfAssignments, parseAssignment } from '../../lib/service/assign.js';
import { editsOfConfiguration, editsOfResource } from '../../lib/service/resource-json.js';

const file =
  '# mine\n[DEFAULT]\nnodes = n1 n2\n\n[fs#1]\ntype = flag ; why\ntags = a b\n[fs#1.x]\n';

/** The result, or undefined when it was refused with a code. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof AgentError) return undefined;
    throw error;
  }
}

const piece = fc.oneof(
  fc.constantFrom('=', '+=', '|=', '-=', '[0]', '[-1]', '.', '@', '#', ' ', ';', '\n', '""'),
  fc.constantFrom('nodes', 'fs', 'fs#1', 'fs#1.x', 'tags', 'env', 'DEFAULT', '__proto__', 'n1'),
  fc.string({ maxLength: 3 }),
);
const typed = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''));

test('an assignment changes what it names, and nothing else', () => {
  let changed = 0;
  fc.assert(
    fc.property(typed, (text) => {
      const edits = unlessRefused(() => editsOfAssignments(file, [parseAssignment(text)]));
      if (!edits) return;
      const after = applyEdits(file, edits);
      const ini = parseIni(after);
      expect(ini.problems).toEqual([]);
      expect(after).toContain('# mine\n[DEFAULT]\n');
      const named = new Set(edits.map(({ section }) => section));
      for (const { name, entries } of parseIni(file).sections) {
        const now = ini.byName.get(name)?.entries.map(({ key, value }) => [key, value]);
        if (!named.has(name)) expect(now).toEqual(entries.map(({ key, value }) => [key, value]));
      }
      if (after !== file) changed++;
    }),
    { numRuns: 5000 },
  );
  expect(changed).toBeGreaterThan(100);
});

/** Words as sets, for which the operators have laws. */
const word = fc.stringMatching(/^[a-c][0-9]?$/);
const words = fc.array(word, { maxLength: 4 });

test.each([
  { operator: '+=', law: (before: string[], one: string) => [...before, one] },
  {
    operator: '|=',
    law: (before: string[], one: string) => (before.includes(one) ? before : [...before, one]),
  },
  { operator: '-=', law: (before: string[], one: string) => before.filter((it) => it !== one) },
  { operator: '=', law: (_: string[], one: string) => [one] },
])('k$operator', ({ operator, law }) => {
  fc.assert(
    fc.property(words, word, (before, one) => {
      const text = `[DEFAULT]\ntags = ${before.join(' ') || '""'}\n`;
      const edits = editsOfAssignments(text, [parseAssignment(`tags${operator}${one}`)]);
      const after = parseIni(applyEdits(text, edits)).byName.get('DEFAULT')?.byKey.get('tags');
      expect(after?.value).toBe(law(before, one).join(' '));
    }),
  );
});

test('JSON of any shape becomes sections, or is refused', () => {
  let taken = 0;
  const key = fc.oneof(
    fc.constantFrom('rid', 'rtype', 'fs#1', 'DEFAULT', 'env', 'schema', 'a', '__proto__', 'x=y'),
    fc.string({ maxLength: 3 }),
  );
  const json = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(key, fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('fs', 'env'))),
    fc.dictionary(key, fc.dictionary(key, fc.jsonValue({ maxDepth: 1 }))),
    fc
      .tuple(
        fc.constantFrom({ rid: 'fs#1' }, { rtype: 'fs' }, { rtype: 'env' }, { rid: 'x#1' }),
        fc.dictionary(key, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))),
      )
      .map(([name, keywords]) => ({ ...keywords, ...name })),
  );
  fc.assert(
    fc.property(json, (value) => {
      const text = JSON.stringify(value);
      for (const read of [
        () => editsOfResource(text, new Set(['fs#0']), 0),
        () => editsOfConfiguration(text),
      ]) {
        const result = unlessRefused(() => applyEdits('', read()));
        if (result === undefined) continue;
        expect(parseIni(result).problems).toEqual([]);
        if (result !== '') taken++;
      }
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(50);
});
