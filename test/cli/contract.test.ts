/** The contract of the command lists: what holds for every command of both programs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command } from '../../lib/cli/command.js';
import { findCommand } from '../../lib/cli/find-command.js';
import { optionsOf, parseQuickly } from '../../lib/cli/parse.js';
import { normaliseSelector } from '../../lib/cli/svcmgr/selector-words.js';
import { askYargs } from '../../lib/cli/yargs-tree.js';
import { splitShellWords } from '../../lib/config/shlex.js';
import { version } from '../../lib/env/build.js';
import { runProgram } from '../support/program.js';
import { everyCommand, programs } from './programs.js';

const load = async (words: string, program: string): Promise<Command> => {
  const found = everyCommand.find((one) => one.words === words && one.program === program);
  return (await found?.entry.load())?.default as Command;
};

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nodemgr-contract-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
const run = (program: string, argv: readonly string[]) =>
  runProgram(program as 'nodemgr', argv, { root });

test.each(programs)('$name: words are unique, no command is a group, groups are described', (p) => {
  const words = p.commands.map((entry) => entry.words);
  expect(new Set(words).size).toBe(words.length);
  const firsts = words.filter((text) => text.includes(' ')).map((text) => text.split(' ')[0] ?? '');
  expect(words.filter((text) => firsts.includes(text))).toEqual([]);
  expect(Object.keys(p.groups).sort()).toEqual([...new Set(firsts)].sort());
});

describe.each(everyCommand)('$program $words', ({ program, words, entry }) => {
  test('the file loads, and its tables are whole', async () => {
    const command = await load(words, program);
    expect(command.run).toBeTypeOf('function');
    expect(entry.describe).toMatch(/^[a-z`].*[^.]$/);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const [name, option] of Object.entries(optionsOf(command))) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(option.describe, name).toMatch(/^[a-z].*[^.]$/s);
      if (option.type === 'boolean') expect(option.default, `--${name}`).toBeTypeOf('boolean');
      if (option.choices && option.default !== undefined) {
        expect(option.choices, `--${name}`).toContain(option.default);
      }
    }
    const aliases = Object.values(optionsOf(command)).flatMap(({ alias }) => alias ?? []);
    expect(new Set(aliases).size).toBe(aliases.length);
    expect(aliases).not.toContain('h');
    const many = (command.operands ?? []).findIndex((operand) => operand.many);
    if (many !== -1) expect(many).toBe((command.operands ?? []).length - 1);
  });

  test('--help shows the description, every option and the examples on stdout', async () => {
    const command = await load(words, program);
    const found = programs.find(({ name }) => name === program);
    if (!found) throw new Error(program);
    const answer = await askYargs({ ...found, version }, [...words.split(' '), '--help']);
    expect(answer.complaint).toBeUndefined();
    expect(answer.selected).toBeUndefined();
    expect(answer.stdout).toContain(`${program} ${words}`);
    expect(answer.stdout).toContain(entry.describe);
    for (const name of Object.keys(optionsOf(command))) {
      expect(answer.stdout).toContain(`--${name} `);
    }
    for (const { name } of command.operands ?? []) expect(answer.stdout).toContain(name);
    for (const [, text] of command.examples) {
      expect(answer.stdout.replace(/\s+/g, ' ')).toContain(text.replace(/\s+/g, ' '));
    }
  });

  test('the examples are command lines that the parser takes', async () => {
    const { commands } = programs.find(({ name }) => name === program) ?? { commands: [] };
    for (const [line] of (await load(words, program)).examples) {
      const [typed = ''] = line.replace(/^\$0 /, '').split(' < ');
      const argv = splitShellWords(typed);
      const normal = program === 'svcmgr' ? normaliseSelector(argv, commands) : argv;
      const found = findCommand(commands, normal);
      expect(found?.entry.words, line).toBe(words);
      expect(await parseQuickly(found?.rest ?? [], await load(words, program)), line).toBeDefined();
    }
  });

  test('words joined with _ are the same command', () => {
    const { commands } = programs.find(({ name }) => name === program) ?? { commands: [] };
    expect(findCommand(commands, [words.replaceAll(' ', '_'), 'x'])).toEqual({
      entry,
      rest: ['x'],
    });
  });

  test('unknown option: exit 2, one complaint on stderr with did-you-mean', async () => {
    const { stdout, stderr, code } = await run(program, [...words.split(' '), '--colour', 'never']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `${program}: unknown option: --colour; did you mean --color?\n` +
        `  see \`${program} ${words} --help\`\n`,
    );
  });
});

test.each(everyCommand.filter(({ words }) => /schedulers|print schedule|explain|run$/.test(words)))(
  'the built $program $words --help: stdout, exit 0, at least one example',
  async (one) => {
    const { stdout, stderr, code } = await run(one.program, [...one.words.split(' '), '--help']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(new RegExp(`Examples:\\n +${one.program} `));
  },
);

test.each([
  {
    program: 'nodemgr',
    argv: ['prnt', 'schedule'],
    says: 'unknown command: prnt; did you mean print?',
  },
  {
    program: 'nodemgr',
    argv: ['print', 'schedul'],
    says: 'unknown command: print schedul; did you mean print schedule?',
  },
  {
    program: 'nodemgr',
    argv: ['print_shedule'],
    says: 'unknown command: print_shedule; did you mean print schedule?',
  },
  { program: 'nodemgr', argv: ['xyzzy', '--help'], says: 'unknown command: xyzzy' },
  { program: 'nodemgr', argv: [], says: 'a command is missing' },
  { program: 'nodemgr', argv: ['validate'], says: '`validate` wants one more word: config' },
  { program: 'nodemgr', argv: ['show', 'run'], says: 'missing operand (expected: ID)' },
  { program: 'nodemgr', argv: ['show', 'run', '1', '2'], says: 'too many operands (expected: ID)' },
  { program: 'nodemgr', argv: ['explain', 'schedule'], says: 'missing operand (expected: ACTION)' },
  { program: 'nodemgr', argv: ['get'], says: 'a parameter is missing' },
  { program: 'nodemgr', argv: ['get', '--param', ''], says: '--param is empty' },
  {
    program: 'nodemgr',
    argv: ['print', 'runs', '--limit'],
    says: 'Not enough arguments following: limit',
  },
  {
    program: 'nodemgr',
    argv: ['print', 'runs', '--limit', 'x'],
    says: '--limit: "x" is not a whole number',
  },
  {
    program: 'nodemgr',
    argv: ['print', 'runs', '--limit=1.5'],
    says: '--limit: "1.5" is not a whole number',
  },
  {
    program: 'nodemgr',
    argv: ['print', 'runs', '--limit=-1'],
    says: '--limit: "-1" is not a whole number',
  },
  {
    program: 'nodemgr',
    argv: ['print', 'runs', '--format', 'jsn'],
    says: '--format: "jsn" is not one of table, json, flat_json, csv; did you mean json?',
  },
  { program: 'nodemgr', argv: ['print', 'runs', '-z'], says: 'unknown option: -z' },
  {
    program: 'svcmgr',
    argv: ['web', 'prnt', 'schedule'],
    says: 'unknown command: prnt; did you mean print?',
  },
  { program: 'svcmgr', argv: ['-s', 'web', 'rn'], says: 'unknown command: rn; did you mean run?' },
  { program: 'svcmgr', argv: ['-s', 'web'], says: 'a command is missing' },
  { program: 'svcmgr', argv: ['--debug'], says: 'a command is missing' },
  { program: 'om', argv: ['web'], says: 'a command is missing' },
  {
    program: 'svcmgr',
    argv: ['-s', 'web', 'print'],
    says: '`print` wants one more word: status, resource status, resinfo, devs, schedule, runs, config, keywords',
  },
  {
    program: 'svcmgr',
    argv: ['web', 'sync'],
    says: '`sync` wants one more word: all, nodes, drp, update, full, verify, resync, break, restore, resume, quiesce, split, establish, revert, swap',
  },
  {
    program: 'svcmgr',
    argv: ['web', 'sync', 'ful'],
    says: 'unknown command: sync ful; did you mean sync full?',
  },
  { program: 'svcmgr', argv: ['sync', 'xyzzy'], says: 'unknown command: sync xyzzy' },
  {
    program: 'om',
    argv: ['web', 'print', 'shedule'],
    says: 'unknown command: print shedule; did you mean print schedule?',
  },
])('usage: $program $argv says "$says", exit 2', async ({ program, argv, says }) => {
  const { stdout, stderr, code } = await run(program, argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.split('\n')[0]?.replace(/^\w+: /, '')).toBe(says);
  expect(stderr).not.toMatch(/this is a bug|\n +at /);
});

test('usage with --format json is one JSON object on stderr', async () => {
  const { stderr, code } = await run('nodemgr', [
    'print',
    'runs',
    '--format',
    'json',
    '--sinse',
    '1h',
  ]);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'E_USAGE',
      message: 'unknown option: --sinse; did you mean --since?',
      exitCode: 2,
      remedy: 'see `nodemgr print runs --help`',
    },
  });
});

test.each(['nodemgr', 'svcmgr'])(
  '%s --help lists every command group, --version says name x.y.z',
  async (name) => {
    const help = await run(name, ['--help']);
    expect({ ...help, stdout: '' }).toEqual({ code: 0, stderr: '', stdout: '' });
    const { commands } = programs.find((program) => program.name === name) ?? { commands: [] };
    for (const { words } of commands) {
      expect(help.stdout).toMatch(new RegExp(`^  ${name} ${words.split(' ')[0]} `, 'm'));
    }
    expect(await run(name, ['--version'])).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n$`)),
    });
  },
);

test.each([
  { program: 'nodemgr', typed: ['pri'], words: ['print'] },
  { program: 'nodemgr', typed: ['print', 's'], words: ['schedule', 'stats'] },
  { program: 'nodemgr', typed: ['print', 'runs', '--f'], words: ['--failed', '--format'] },
  {
    program: 'nodemgr',
    typed: ['print', 'runs', '--format', ''],
    words: ['csv', 'flat_json', 'json', 'table'],
  },
  { program: 'nodemgr', typed: ['--v'], words: ['--version'] },
  { program: 'nodemgr', typed: ['nothing', ''], words: [] },
  { program: 'svcmgr', typed: ['-s', 'web', 'pri'], words: ['print'] },
  { program: 'svcmgr', typed: ['web', 'print', 'sch'], words: ['schedule'] },
  { program: 'svcmgr', typed: ['run', '--ri'], words: ['--rid'] },
  {
    program: 'svcmgr',
    typed: ['print', 'keywords', '--driver', 'fs.ext'],
    words: ['fs.ext2', 'fs.ext3', 'fs.ext4'],
  },
])('bash completion words of $program $typed', async ({ program, typed, words }) => {
  const { stdout, stderr, code } = await run(program, [
    '--get-yargs-completions',
    program,
    ...typed,
  ]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout.split('\n').filter(Boolean)).toEqual(words);
});

test.each(['nodemgr', 'svcmgr'])(
  '%s completion prints a script that asks this program',
  async (name) => {
    const { stdout, code } = await run(name, ['completion']);
    expect(code).toBe(0);
    expect(stdout).toContain(`${name} --get-yargs-completions`);
    expect(stdout).toMatch(new RegExp(`^complete .* ${name}$`, 'm'));
  },
);
