/** Words that complete a command line in bash: commands, options and the choices of options. */
import type { Command, CommandEntry } from './command.js';
import { findCommand, isCommandWord } from './find-command.js';
import { optionsOf } from './parse.js';

/**
 * What may stand in the place of the last word.
 *
 * @param words the line behind the name of the program; the last one is being typed and may be empty
 */
export async function completions(
  commands: readonly CommandEntry[],
  words: readonly string[],
  { hasSelector }: { hasSelector: boolean },
): Promise<string[]> {
  const typed = words.slice(0, -1);
  const line = hasSelector ? withoutSelector(commands, typed) : typed;
  const current = words.at(-1) ?? '';
  const found = findCommand(commands, line);
  const candidates = found
    ? wordsOfCommand((await found.entry.load()).default as Command, line.at(-1) ?? '')
    : nextWords(commands, line);
  return candidates.filter((word) => word.startsWith(current)).sort();
}

function nextWords(commands: readonly CommandEntry[], line: readonly string[]): string[] {
  const next = commands.flatMap((entry) => {
    const words = entry.words.split(' ');
    const word = words[line.length];
    return word !== undefined && line.every((typed, index) => typed === words[index]) ? [word] : [];
  });
  return [...new Set(next), ...(line.length === 0 ? ['--help', '--version'] : [])];
}

function wordsOfCommand(command: Command, before: string): string[] {
  const options = Object.entries(optionsOf(command));
  const [, valued] =
    options.find(
      ([name, { type, alias }]) =>
        type !== 'boolean' && (before === `--${name}` || before === `-${alias}`),
    ) ?? [];
  if (valued) return [...(valued.choices ?? [])];
  return [...options.map(([name]) => `--${name}`), '--help'];
}

/** The line without a selection of services at its begin: `-s web print`, `web print`. */
function withoutSelector(commands: readonly CommandEntry[], line: readonly string[]): string[] {
  const [first = ''] = line;
  if (first === '-s' || first === '--service') return line.slice(2);
  return isCommandWord(commands, first) ? [...line] : line.slice(1);
}
