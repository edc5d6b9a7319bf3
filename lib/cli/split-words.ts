import { parseArgs } from 'node:util';
import type { OptionTable } from './command.js';

/** Options and operands of a command line, undefined for one that is wrong. */
export function splitWords(
  argv: readonly string[],
  options: OptionTable,
): { given: Readonly<Record<string, unknown>>; operands: string[] } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, alias }]) => [
          name,
          {
            type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
            multiple: type === 'list',
            ...(alias && { short: alias }),
          },
        ]),
      ),
    });
    return { given: values, operands: positionals };
  } catch {
    return undefined;
  }
}
