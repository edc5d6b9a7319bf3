import { version } from '../env/build.js';
import { AgentError } from '../errors/agent-error.js';
import { createApp, type ProgramName } from './app.js';
import type { Command, CommandEntry } from './command.js';
import { findCommand } from './find-command.js';
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

/** How the script that `completion` prints asks for words. */
const completionKey = '--get-yargs-completions';

async function choose(
  program: Program,
  edge: ProcessEdge,
): Promise<{ command: Command; args: ParsedArgs } | undefined> {
  if (edge.argv[0] === completionKey) {
    const { completions } = await import('./complete.js');
    const words = await completions(program.commands, edge.argv.slice(2), {
      hasSelector: program.name === 'svcmgr',
    });
    edge.stdout.write(words.map((word) => `${word}\n`).join(''));
    return undefined;
  }
  const found = findCommand(program.commands, edge.argv);
  if (found) {
    const command = (await found.entry.load()).default as Command;
    const args = await parseQuickly(found.rest, command);
    if (args) return { command, args };
  }
  const { askYargs } = await import('./yargs-tree.js');
  const words = found ? [...found.entry.words.split(' '), ...found.rest] : edge.argv;
  const answer = await askYargs({ ...program, version }, words);
  if (answer.complaint !== undefined) {
    const command = found ? ` ${found.entry.words}` : '';
    throw new AgentError('E_USAGE', answer.complaint, {
      exit: 'usage',
      remedy: `see \`${program.name}${command} --help\``,
    });
  }
  if (answer.stdout) edge.stdout.write(`${answer.stdout}\n`);
  return answer.selected;
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, i) => word === '--format=json' || (word === 'json' && argv[i - 1] === '--format'),
  );
}
