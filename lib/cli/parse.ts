import yargsParser from 'yargs-parser';
import { type Command, globalOptions, type OptionTable } from './command.js';

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
 * Parses a correct command line with yargs' own parser, without yargs. Anything that is not plainly
 * correct (help, an unknown option, a wrong value, a missing operand) gives undefined: then yargs
 * itself has the word and explains it.
 */
export function parseQuickly(argv: readonly string[], command: Command): ParsedArgs | undefined {
  const options = optionsOf(command);
  const names = Object.keys(options);
  const ofType = (type: string): string[] => names.filter((name) => options[name]?.type === type);
  const parsed = yargsParser.detailed([...argv], {
    boolean: ofType('boolean'),
    string: ofType('string'),
    number: ofType('number'),
    array: ofType('list').map((key) => ({ key, string: true })),
    alias: Object.fromEntries(
      names.flatMap((name) => (options[name]?.alias ? [[name, [options[name].alias]]] : [])),
    ),
    configuration: parserConfiguration,
  });
  if (parsed.error) return undefined;
  const { _: words, ...given } = parsed.argv as { _: (string | number)[] } & Record<
    string,
    unknown
  >;
  const operands = words.map(String);
  if (operands.some((word) => word.startsWith('-') && word.length > 1)) return undefined;
  if (!operandsFit(command, operands)) return undefined;

  const result: ParsedArgs = { operands };
  for (const name of Object.keys(given)) {
    if (!options[name]) return undefined;
  }
  for (const name of names) {
    const option = options[name];
    const value = given[name] ?? option?.default;
    if (Array.isArray(value) && option?.type !== 'list') return undefined;
    if (option?.choices && value !== undefined && !option.choices.includes(String(value))) {
      return undefined;
    }
    if (option?.type === 'number' && typeof value === 'number' && Number.isNaN(value)) {
      return undefined;
    }
    if (option?.type === 'string' && (value === '' || Array.isArray(value))) return undefined;
    result[name] = value;
  }
  return result;
}

/** Shared with yargs, so that both read a command line alike. */
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
