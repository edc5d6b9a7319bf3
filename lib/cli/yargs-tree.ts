import yargs, { type Argv } from 'yargs';
import { nearest } from '../config/finding.js';
import type { Command, CommandEntry, OptionSpec } from './command.js';
import { findCommand } from './find-command.js';
import {
  isRefusedEmpty,
  operandsFit,
  optionsOf,
  type ParsedArgs,
  parserConfiguration,
  synopsisOf,
  wholeNumber,
} from './parse.js';

export interface YargsProgram {
  name: string;
  describe: string;
  version: string;
  commands: readonly CommandEntry[];
  /** What the words that stand before others mean: `print`, `schedule`. */
  groups: Readonly<Record<string, string>>;
}

/** What yargs made of a command line: text to show, or a command to run. */
export interface YargsResult {
  /** Help, version or completion script for stdout. */
  stdout: string;
  /** Why the line is wrong, for stderr. */
  complaint: string | undefined;
  selected: { command: Command; args: ParsedArgs } | undefined;
}

/** What yargs has to say of a wrong line. */
class Complaint extends Error {}

function isYargsError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'YError';
}

const completionWord = 'completion';

/**
 * The whole program as a yargs tree: help pages, the completion script and complaints. The happy
 * path does not come here (`parse.ts`).
 */
export async function askYargs(
  program: YargsProgram,
  argv: readonly string[],
): Promise<YargsResult> {
  const result: YargsResult = { stdout: '', complaint: undefined, selected: undefined };
  result.complaint = complaintOfWords(program, argv);
  if (result.complaint !== undefined) return result;
  const cut = argv.indexOf('--');
  const line = cut === -1 ? [...argv] : argv.slice(0, cut);
  const literal = cut === -1 ? [] : argv.slice(cut + 1);
  const top = yargs(line)
    .scriptName(program.name)
    .usage(`$0 <command>\n\n${program.describe}`)
    .version(`${program.name} ${program.version}`)
    .parserConfiguration(parserConfiguration)
    .completion(completionWord, false)
    .wrap(100)
    .exitProcess(false)
    .help()
    .alias('help', 'h')
    .strict()
    .demandCommand() // else `completion` is an unknown argument to it
    .fail((message, error) => {
      if (error && !isYargsError(error)) throw error;
      throw new Complaint(message ?? error?.message);
    });
  addCommands(top, program.commands, program.groups, '', { result, literal });

  try {
    await top.parseAsync(line, {}, (error, _argv, output) => {
      if (error) result.complaint = error.message;
      else result.stdout = output;
    });
  } catch (error) {
    if (!(error instanceof Complaint || isYargsError(error))) throw error;
    result.complaint = error.message.replace(/\s*\n\s*/g, ' ');
  }
  return result;
}

/** What is wrong with the words that a line begins with: one leads to no command, or one is missing. */
function complaintOfWords({ commands }: YargsProgram, argv: readonly string[]): string | undefined {
  if (findCommand(commands, argv) || argv[0] === completionWord) return undefined;
  const end = argv.findIndex((word) => word.startsWith('-'));
  const typed = end === -1 ? argv : argv.slice(0, end);
  let left = commands.map(({ words }) => words.split(/[ _]/));
  for (const [depth, word] of typed.entries()) {
    const known = [...new Set(left.map((words) => words[depth] ?? ''))];
    left = left.filter((words) => words[depth] === word);
    if (left.length > 0) continue;
    const line = typed.slice(0, depth + 1).join(' ');
    const near = nearest(word, known);
    const hint = near
      ? [...typed.slice(0, depth), near].join(' ')
      : nearest(
          line,
          commands.map(({ words }) => words),
        );
    return `unknown command: ${line}${hint ? `; did you mean ${hint}?` : ''}`;
  }
  if (argv.some((word) => ['--help', '-h', '--version'].includes(word))) return undefined;
  if (typed.length === 0) return 'a command is missing';
  const more = left.map((words) => words.slice(typed.length).join(' '));
  return `\`${typed.join(' ')}\` wants one more word: ${more.join(', ')}`;
}

interface Parse {
  result: YargsResult;
  /** The words behind `--`: operands, whatever they look like. */
  literal: readonly string[];
}

function addCommands(
  y: Argv,
  entries: readonly CommandEntry[],
  groups: Readonly<Record<string, string>>,
  prefix: string,
  parse: Parse,
): void {
  const firsts = new Map<string, CommandEntry[]>();
  for (const entry of entries) {
    const first = entry.words.slice(prefix.length).split(' ', 1)[0] ?? '';
    firsts.set(first, [...(firsts.get(first) ?? []), entry]);
  }
  for (const [first, members] of firsts) {
    const path = `${prefix}${first}`;
    const leaf = members.find((entry) => entry.words === path);
    const below = members.filter((entry) => entry !== leaf);
    if (below.length === 0 && leaf) {
      addLeaf(y, first, leaf, parse);
      continue;
    }
    y.command(first, groups[path] ?? leaf?.describe ?? '', (inner) => {
      addCommands(inner, below, groups, `${path} `, parse);
      return inner.strict();
    });
  }
}

function addLeaf(y: Argv, word: string, entry: CommandEntry, { result, literal }: Parse): void {
  let command: Command | undefined;
  y.command(
    word,
    entry.describe,
    async (inner) => {
      command = (await entry.load()).default as Command;
      describeCommand(inner, entry, command);
      return inner;
    },
    (argv) => {
      if (!command) return;
      const { _: words, ...options } = argv;
      const typed = words.slice(entry.words.split(' ').length).map(String);
      const operands = [...typed, ...literal];
      const refusal = refuse(command, options, typed, operands);
      if (refusal !== undefined) result.complaint = refusal;
      else result.selected = { command, args: { ...options, operands } };
    },
  );
}

/** What is wrong with a line that yargs itself takes. */
function refuse(
  command: Command,
  values: Record<string, unknown>,
  typed: readonly string[],
  operands: readonly string[],
): string | undefined {
  const options = optionsOf(command);
  const odd = typed.find((operand) => /^-./.test(operand));
  if (odd !== undefined) {
    const near = nearest(odd.replace(/^--?/, '').replace(/=.*/s, ''), Object.keys(options));
    return `unknown option: ${odd}${near ? `; did you mean --${near}?` : ''}`;
  }
  for (const [name, option] of Object.entries(options)) {
    const refusal = refuseValue(name, option, values);
    if (refusal !== undefined) return refusal;
  }
  if (operandsFit(command, operands)) return undefined;
  const synopsis = synopsisOf(command);
  return operands.length < (command.operands?.length ?? 0)
    ? `missing operand (expected: ${synopsis})`
    : `too many operands (expected: ${synopsis || 'none'})`;
}

function refuseValue(
  name: string,
  option: OptionSpec,
  values: Record<string, unknown>,
): string | undefined {
  const { type } = option;
  // The last one of several counts.
  if (type !== 'list' && Array.isArray(values[name])) values[name] = values[name].at(-1);
  const value = values[name];
  if (value === undefined || type === 'boolean') return undefined;
  if (isRefusedEmpty(option, value)) return `--${name} is empty`;
  if (type !== 'number') return undefined;
  values[name] = wholeNumber(value);
  return Number.isNaN(values[name]) ? `--${name}: "${value}" is not a whole number` : undefined;
}

function describeCommand(y: Argv, entry: CommandEntry, command: Command): void {
  const operands = command.operands ?? [];
  const width = Math.max(0, ...operands.map(({ name }) => name.length));
  const lines = operands.map(({ name, describe }) => `  ${name.padEnd(width)}  ${describe}`);
  y.usage(
    [
      `$0 ${entry.words} ${['[options]', synopsisOf(command)].join(' ').trim()}`,
      entry.describe,
      ...(lines.length > 0 ? [`Operands:\n${lines.join('\n')}`] : []),
    ].join('\n\n'),
  );
  // Operands are checked against their table (`refuse`), not by yargs, which takes them for commands.
  y.strict(false);
  for (const [name, option] of Object.entries(optionsOf(command))) {
    y.option(name, {
      describe: option.describe,
      // Numbers are read by `wholeNumber`: yargs takes 0x10 and 1e3 for numbers as well.
      ...(option.type === 'list'
        ? { array: true as const, type: 'string' as const }
        : { type: option.type === 'boolean' ? ('boolean' as const) : ('string' as const) }),
      ...(option.type === 'boolean' ? {} : { requiresArg: true }),
      ...(option.alias && { alias: option.alias }),
      ...(option.default !== undefined && { default: option.default }),
      ...(option.choices && {
        choices: option.choices,
        coerce: (value: unknown) => oneOf(name, option.choices ?? [], value),
      }),
    });
  }
  for (const [line, text] of command.examples) y.example(line, text);
}

/** The value when it may be chosen. @throws Complaint which yargs passes on */
function oneOf(name: string, choices: readonly string[], value: unknown): unknown {
  const last = [value].flat().at(-1);
  if (last === undefined || choices.includes(String(last))) return last;
  const near = nearest(String(last), choices);
  const hint = near ? `; did you mean ${near}?` : '';
  throw new Complaint(`--${name}: "${last}" is not one of ${choices.join(', ')}${hint}`);
}
