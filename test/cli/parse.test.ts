/** The quick parser and yargs read a command line alike. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command, OptionSpec } from '../../lib/cli/command.js';
import { optionsOf, parseQuickly } from '../../lib/cli/parse.js';
import { askYargs } from '../../lib/cli/yargs-tree.js';
import { everyCommand, programs } from './programs.js';

const text = fc.oneof(
  fc.constantFrom(
    'task#1',
    'asset.schedule=@10',
    'a=b=c',
    '0',
    '007',
    '1e3',
    'true',
    'no-x',
    'ü',
    'a b',
    '@10',
    '*:30',
  ),
  fc.string({ minLength: 1, maxLength: 8 }),
);

/** Words that give one option: right ones mostly, and what slips from tired fingers. */
function optionWords(name: string, { type, alias, choices }: OptionSpec): fc.Arbitrary<string[]> {
  const value =
    type === 'number'
      ? fc.oneof(
          fc.nat({ max: 1000 }).map(String),
          fc.constantFrom('x', '1.5', '0x10', '1e3', '-3', ''),
        )
      : choices
        ? fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...choices) }, text)
        : fc.oneof({ weight: 19, arbitrary: text }, fc.constant(''));
  const long = `--${name}`;
  if (type === 'boolean') {
    return fc.constantFrom(
      [long],
      [long],
      ...(alias ? [[`-${alias}`]] : []),
      [`--no-${name}`],
      [`${long}=true`],
    );
  }
  return value.chain((word) =>
    fc.constantFrom([long, word], [`${long}=${word}`], ...(alias ? [[`-${alias}`, word]] : [])),
  );
}

function lineOf(command: Command): fc.Arbitrary<string[]> {
  const options = Object.entries(optionsOf(command));
  const piece = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...options).chain(([name, spec]) => optionWords(name, spec)),
    },
    { weight: 2, arbitrary: text.map((word) => [word]) },
    { weight: 1, arbitrary: fc.constantFrom(['--'], ['-'], ['--unknown'], ['-q']) },
  );
  return fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.flat());
}

test.each(everyCommand)(
  'what the quick parser accepts, yargs reads alike: $program $words',
  async ({ program, words, entry }) => {
    const command = (await entry.load()).default as Command;
    const found = programs.find(({ name }) => name === program);
    if (!found) throw new Error(program);
    await fc.assert(
      fc.asyncProperty(lineOf(command), async (line) => {
        const quick = await parseQuickly(line, command);
        if (quick === undefined) return;
        const answer = await askYargs({ ...found, version: '0' }, [...words.split(' '), ...line]);
        expect(answer.complaint).toBeUndefined();
        for (const name of ['operands', ...Object.keys(optionsOf(command))]) {
          expect(answer.selected?.args[name], `${name} of ${JSON.stringify(line)}`).toEqual(
            quick[name],
          );
        }
      }),
      { numRuns: 60 },
    );
  },
);

test('the quick parser leaves nothing wrong to yargs and takes what is right', async () => {
  const command: Command = {
    options: {
      limit: { type: 'number', describe: 'x', default: 5 },
      kw: { type: 'list', describe: 'x', alias: 'k' },
      all: { type: 'boolean', describe: 'x', default: false },
    },
    operands: [
      { name: 'A', describe: 'x', required: true },
      { name: 'B', describe: 'x' },
    ],
    examples: [],
    run: () => 0,
  };
  const globals = { format: 'table', color: 'auto', debug: false };
  expect(await parseQuickly(['a', '--kw', '1', '-k2', '--all'], command)).toEqual({
    ...globals,
    operands: ['a'],
    limit: 5,
    kw: ['1', '2'],
    all: true,
  });
  expect(await parseQuickly(['a', '--', '--all'], command)).toMatchObject({
    operands: ['a', '--all'],
    all: false,
  });
  for (const wrong of [
    [],
    ['a', 'b', 'c'],
    ['a', '--limit', 'x'],
    ['a', '--limit', ''],
    ['a', '--nope'],
    ['a', '--format', 'xml'],
    ['a', '--help'],
    ['a', '--all', 'true'],
  ]) {
    expect(await parseQuickly(wrong, command), wrong.join(' ')).toBeUndefined();
  }
});
