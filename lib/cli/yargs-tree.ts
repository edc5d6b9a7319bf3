import yargs, { type Argv } from 'yargs';
import type { Command, CommandEntry } from './command.js';
import { operandsFit, optionsOf, type ParsedArgs, parserConfiguration } from './parse.js';

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
  /** Help, version or completion words for stdout. */
  stdout: string;
  /** Why the line is wrong, for stderr. */
  complaint: string | undefined;
  selected: { command: Command; args: ParsedArgs } | undefined;
}

/**
 * The whole program as a yargs tree: help pages, suggestions, completion and complaints. The happy
 * path does not come here (`parse.ts`).
 */
export async function askYargs(
  program: YargsProgram,
  argv: readonly string[],
): Promise<YargsResult> {
  const result: YargsResult = { stdout: '', complaint: undefined, selected: undefined };
  const top = yargs([...argv])
    .scriptName(program.name)
    .usage(`$0 <command>\n\n${program.describe}`)
    .version(`${program.name} ${program.version}`)
    .parserConfiguration(parserConfiguration)
    .completion('completion', false)
    .wrap(100)
    .exitProcess(false)
    .help()
    .alias('help', 'h')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'a command is missing')
    .fail(false);
  addCommands(top, program.commands, program.groups, '', result);

  try {
    await top.parseAsync([...argv], {}, (error, _argv, output) => {
      if (error) result.complaint = error.message;
      else result.stdout = output;
    });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'YError') throw error;
    result.complaint = error.message;
  }
  return result;
}

function addCommands(
  y: Argv,
  entries: readonly CommandEntry[],
  groups: Readonly<Record<string, string>>,
  prefix: string,
  result: YargsResult,
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
      addLeaf(y, first, leaf, result);
      continue;
    }
    y.command(first, groups[path] ?? leaf?.describe ?? '', (inner) => {
      addCommands(inner, below, groups, `${path} `, result);
      return inner.demandCommand(1, `\`${path}\` wants one more word`).strict();
    });
  }
}

function addLeaf(y: Argv, word: string, entry: CommandEntry, result: YargsResult): void {
  let command: Command | undefined;
  y.command(
    `${word} [operands..]`,
    entry.describe,
    async (inner) => {
      command = (await entry.load()).default as Command;
      describeCommand(inner, command);
      return inner;
    },
    (argv) => {
      if (!command) return;
      const operands = ((argv['operands'] as unknown[] | undefined) ?? []).map(String);
      const odd = operands.find((operand) => /^-./.test(operand));
      if (odd) {
        result.complaint = `unknown option: ${odd}`;
      } else if (!operandsFit(command, operands)) {
        const names = command.operands?.map(({ name }) => name).join(' ') || 'none';
        result.complaint = `wrong number of operands (expected: ${names})`;
      } else {
        result.selected = { command, args: { ...argv, operands } };
      }
    },
  );
}

function describeCommand(y: Argv, command: Command): void {
  y.positional('operands', {
    array: true,
    type: 'string',
    describe: command.operands?.map((o) => `${o.name}: ${o.describe}`).join('; ') ?? 'none',
  });
  for (const [name, option] of Object.entries(optionsOf(command))) {
    y.option(name, {
      describe: option.describe,
      ...(option.type === 'list'
        ? { array: true as const, type: 'string' as const }
        : { type: option.type }),
      ...(option.type === 'boolean' ? {} : { requiresArg: true }),
      ...(option.alias && { alias: option.alias }),
      ...(option.default !== undefined && { default: option.default }),
      ...(option.choices && { choices: option.choices }),
    });
  }
  for (const [line, text] of command.examples) y.example(line, text);
}
