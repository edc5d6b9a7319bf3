import { type Command, globalOptions, type OptionSpec, type OptionTable } from './command.js';

/** The parser's view of an option table. */
export interface ParsedArgs {
  [option: string]: unknown;
  operands: string[];
}

/** All options of a command: its own and the global ones. */
export function optionsOf(command: Command): OptionTable {
  return { ...globalOptions, ...command.options };
}

/**
 * Parses a correct command line with the parser of Node.js, which costs a tenth of yargs. Anything
 * that is not plainly correct (help, an unknown option, a wrong value, a missing operand) gives
 * undefined: then yargs has the word and explains it.
 */
export async function parseQuickly(
  argv: readonly string[],
  command: Command,
): Promise<ParsedArgs | undefined> {
  // yargs takes a word after a switch for its value when it is one.
  const isValueOfSwitch = (word: string, at: number): boolean =>
    (word === 'true' || word === 'false') && argv[at - 1]?.startsWith('-') === true;
  const literal = argv.indexOf('--');
  const beforeLiteral = literal === -1 ? argv : argv.slice(0, literal);
  if (beforeLiteral.some(isValueOfSwitch)) return undefined;
  const options = optionsOf(command);
  // Most lines have nothing after the words of the command: they do not pay for a parser.
  const split =
    argv.length === 0
      ? { given: {} as Readonly<Record<string, unknown>>, operands: [] as string[] }
      : (await import('./split-words.js')).splitWords(argv, options);
  if (!split || !operandsFit(command, split.operands)) return undefined;
  const { given, operands } = split;

  const result: ParsedArgs = { operands };
  for (const [name, option] of Object.entries(options)) {
    const value = given[name] ?? option.default;
    if (isRefusedEmpty(option, value)) return undefined;
    if (option.choices && value !== undefined && !option.choices.includes(String(value))) {
      return undefined;
    }
    result[name] = option.type === 'number' ? wholeNumber(value) : value;
    if (option.type === 'number' && Number.isNaN(result[name])) return undefined;
  }
  return result;
}

/** Whether a value is empty, or has an empty text in its list, where that is no value. */
export function isRefusedEmpty({ mayBeEmpty }: OptionSpec, value: unknown): boolean {
  return !mayBeEmpty && [value].flat().includes('');
}

/** The value of a numeric option: counts, none of them negative. NaN for anything else. */
export function wholeNumber(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

/** How yargs has to read a command line so that both read it alike. */
export const parserConfiguration = {
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'boolean-negation': false,
  'duplicate-arguments-array': true,
  'greedy-arrays': false,
  'strip-aliased': true,
  'unknown-options-as-args': true,
  'populate--': false,
} as const;

export function operandsFit(command: Command, operands: readonly string[]): boolean {
  const specs = command.operands ?? [];
  const least = specs.filter((spec) => spec.required).length;
  const most = specs.some((spec) => spec.many) ? Number.POSITIVE_INFINITY : specs.length;
  return operands.length >= least && operands.length <= most;
}

/** The operands as a synopsis shows them: `ID`, `[ASSIGNMENT...]`. */
export function synopsisOf({ operands = [] }: Command): string {
  return operands
    .map(({ name, required, many }) => {
      const text = `${name}${many ? '...' : ''}`;
      return required ? text : `[${text}]`;
    })
    .join(' ');
}
