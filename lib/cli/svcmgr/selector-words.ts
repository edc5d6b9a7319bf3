import type { CommandEntry } from '../command.js';

const selectorOptions = ['-s', '--service'];

/**
 * Puts the service selection behind the command words, where the parser reads it as an option:
 * `-s X print schedule`, `X print schedule` and `print schedule -s X` are the same.
 */
export function normaliseSelector(
  argv: readonly string[],
  commands: readonly CommandEntry[],
): string[] {
  const [first = '', second] = argv;
  if (selectorOptions.includes(first) && second !== undefined) {
    return [...argv.slice(2), '--service', second];
  }
  if (first.startsWith('--service=')) return [...argv.slice(1), first];
  const isCommand = commands.some(({ words }) => {
    return words.split(' ', 1)[0] === first || words.replaceAll(' ', '_') === first;
  });
  const isSelector = first !== '' && !first.startsWith('-') && !isCommand && first !== 'completion';
  return isSelector && argv.length > 1 ? [...argv.slice(1), '--service', first] : [...argv];
}
