import type { CommandEntry } from './command.js';

/** Whether a word begins a command, or is all its words joined with `_`. */
export function isCommandWord(commands: readonly CommandEntry[], word: string): boolean {
  return commands.some(
    ({ words }) => words.split(/[ _]/, 1)[0] === word || words.replaceAll(' ', '_') === word,
  );
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
    const wanted = entry.words.split(/[ _]/);
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
