import { version } from '../env/build.js';
import { exitCodes } from '../errors/exit-codes.js';
import { createApp, type ProgramName } from './app.js';
import type { Command, CommandEntry } from './command.js';
import { type ParsedArgs, parseQuickly } from './parse.js';
import type { ProcessEdge } from './process-edge.js';
import { reportError } from './report-error.js';

/** A program as its command list describes it. */
export interface Program {
  name: ProgramName;
  describe: string;
  commands: readonly CommandEntry[];
  groups: Readonly<Record<string, string>>;
}

/** Runs one command line that a person or a script typed. */
export async function runProgram(program: Program, edge: ProcessEdge): Promise<void> {
  const app = createApp(program.name, edge);
  try {
    const chosen = await choose(program, edge);
    if (!chosen) return;
    const code = await chosen.command.run(app, chosen.args as never);
    if (code) edge.setExitCode(code);
  } catch (error) {
    reportError(edge, program.name, error, wantsJson(edge.argv));
  } finally {
    app.close();
  }
}

async function choose(
  program: Program,
  edge: ProcessEdge,
): Promise<{ command: Command; args: ParsedArgs } | undefined> {
  const found = findCommand(program.commands, edge.argv);
  if (found) {
    const command = (await found.entry.load()).default as Command;
    const args = parseQuickly(found.rest, command);
    if (args) return { command, args };
  }
  const { askYargs } = await import('./yargs-tree.js');
  const words = found ? [...found.entry.words.split(' '), ...found.rest] : edge.argv;
  const answer = await askYargs({ ...program, version }, words);
  if (answer.complaint !== undefined) {
    edge.setExitCode(exitCodes.usage.code);
    const command = found ? ` ${found.entry.words}` : '';
    edge.stderr.write(`${program.name}${command}: ${answer.complaint}\n`);
    edge.stderr.write(`  see \`${program.name}${command} --help\`\n`);
    return undefined;
  }
  if (answer.stdout) edge.stdout.write(`${answer.stdout}\n`);
  return answer.selected;
}

/**
 * The longest command that the line begins with. Words may be joined with `_`, as in the original
 * agent: `print_schedule` is `print schedule`.
 */
export function findCommand(
  commands: readonly CommandEntry[],
  argv: readonly string[],
): { entry: CommandEntry; rest: string[] } | undefined {
  const bare = argv.findIndex((word) => word.startsWith('-'));
  const words = bare === -1 ? argv : argv.slice(0, bare);
  let best: { entry: CommandEntry; rest: string[] } | undefined;
  let longest = 0;
  for (const entry of commands) {
    const wanted = entry.words.split(' ');
    const used =
      words[0] === wanted.join('_') || words[0] === entry.words
        ? 1
        : wanted.every((word, index) => words[index] === word)
          ? wanted.length
          : 0;
    if (used > 0 && wanted.length > longest) {
      longest = wanted.length;
      best = { entry, rest: argv.slice(used) };
    }
  }
  return best;
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, i) => word === '--format=json' || (word === 'json' && argv[i - 1] === '--format'),
  );
}
