import { globMatches, isGlob } from '../config/glob.js';
import { listHostDirectory } from './host-file.js';

/**
 * The paths that a shell pattern stands for, sorted; a path without one stands for itself, also when
 * it is missing. A dot at the start of a name has to be written. Directories are
 * read in this process.
 */
export function expandPath(pattern: string): string[] {
  if (!isGlob(pattern)) return [pattern];
  return pattern
    .split('/')
    .filter(Boolean)
    .reduce<string[]>(
      (directories, word) =>
        directories.flatMap((directory) =>
          isGlob(word)
            ? listHostDirectory('/', directory)
                .filter((name) => name.startsWith('.') === word.startsWith('.'))
                .filter((name) => globMatches(word, name))
                .map((name) => `${directory}/${name}`)
            : [`${directory}/${word}`],
        ),
      [''],
    )
    .sort();
}
