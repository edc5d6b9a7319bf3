import type { ReadContext } from '../../driver/contract.js';
import type { AppKeywords } from './keywords.js';
import { programOf } from './program.js';

/** What an app tells of itself: the lines `key: value` that its `info` prints. */
export async function readInfo(
  kw: AppKeywords,
  context: ReadContext,
): Promise<Readonly<Record<string, string>>> {
  const program = await programOf(kw, 'info', context);
  if (!program || (program.script !== undefined && !program.file)) return {};
  const { exitCode, stdout } = await context.probe(program.argv, program.options);
  return exitCode === 0 ? parseInfo(stdout) : {};
}

/** Lines without a colon say nothing; of a key that comes twice the last value counts. */
export function parseInfo(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const colon = line.indexOf(':');
      const key = line.slice(0, colon).trim();
      return colon > 0 && key !== '' ? [[key, line.slice(colon + 1).trim()]] : [];
    }),
  );
}
