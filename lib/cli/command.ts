import { formats } from '../render/emit.js';
import type { App } from './app.js';
import type { GlobalArgs } from './global-args.js';

/** One option of a command. The table of these serves the parser, the help, the completion, the docs. */
export interface OptionSpec {
  type: 'boolean' | 'string' | 'number' | 'list';
  describe: string;
  alias?: string;
  default?: string | number | boolean;
  choices?: readonly string[];
  /** An empty text is a value; else it is taken for an unset variable in a script, and refused. */
  mayBeEmpty?: boolean;
  /** Word for the value in the help, as in `--since TIME`. */
  value?: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'number'
    ? number
    : S['type'] extends 'list'
      ? string[]
      : S extends { choices: readonly (infer C)[] }
        ? C
        : string;

type Given<S extends OptionSpec> = S extends { default: string | number | boolean }
  ? ValueOf<S>
  : ValueOf<S> | undefined;

/** The converted arguments of a command: options by name, operands by name. */
export type Args<O extends OptionTable> = { readonly [K in keyof O]: Given<O[K]> } & {
  /** Words after the command, in order. */
  readonly operands: readonly string[];
} & GlobalArgs;

/** Options of every command. */
export const globalOptions = {
  format: {
    type: 'string',
    choices: formats,
    default: 'table',
    describe: 'output format of data',
  },
  color: {
    type: 'string',
    choices: ['auto', 'always', 'never', 'yes', 'no'],
    default: 'auto',
    describe: 'colour the output',
  },
  debug: { type: 'boolean', default: false, describe: 'also log what was read and decided' },
} as const satisfies OptionTable;

/** `--dry-run` of a command that changes something. */
export function dryRunOption(describe: string) {
  return { 'dry-run': { type: 'boolean', alias: 'n', default: false, describe } } as const;
}

export interface OperandSpec {
  name: string;
  describe: string;
  required?: boolean;
  many?: boolean;
}

export interface Command<O extends OptionTable = OptionTable> {
  options: O;
  operands?: readonly OperandSpec[];
  /** Command lines with what they do; `$0` stands for the program. */
  examples: readonly (readonly [line: string, text: string])[];
  /** @returns the exit code; nothing means 0 */
  run(app: App, args: Args<O>): Promise<number | undefined> | number | undefined;
}

/** A command is one file that exports this as default; the command list names and loads it. */
export function defineCommand<const O extends OptionTable>(command: Command<O>): Command<O> {
  return command;
}

/** One line of a command list. Listing loads no command file. */
export interface CommandEntry {
  /** As typed: `print schedule`. */
  words: string;
  describe: string;
  load(): Promise<{ default: Command<never> | Command }>;
}
