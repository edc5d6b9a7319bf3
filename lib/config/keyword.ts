import type { DurationUnit } from '../units/duration.js';
import type { SizeShare } from '../units/size.js';

/** The type that each kind of keyword is converted to. */
export interface KindTypes {
  readonly string: string;
  readonly lower: string;
  /** An absolute path. */
  readonly path: string;
  readonly boolean: boolean;
  /** Null when unset. */
  readonly tristate: boolean | null;
  readonly integer: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes, or a share that LVM resolves. */
  readonly size_or_share: number | SizeShare;
  /** KB per second. */
  readonly speed_kps: number;
  readonly list: readonly string[];
  readonly list_lower: readonly string[];
  readonly list_comma: readonly string[];
  /** Without duplicates, in the order written. */
  readonly set: readonly string[];
  readonly shlex: readonly string[];
  readonly expanded_shlex: readonly string[];
  readonly nodes_selector: readonly string[];
  /** The text as written: the schedule room parses it. */
  readonly schedule: string;
}

export type Kind = keyof KindTypes;

/**
 * Where a value is looked for: in the section, in DEFAULT, in both, or in the section and then
 * under another name in DEFAULT.
 */
export type Inherit = 'leaf' | 'head' | 'leaf>head' | { readonly mapped: string };

/** One keyword: everything that reading, checking, printing and documenting it needs. */
export interface Keyword {
  readonly kind: Kind;
  /** As it would be written in the file. */
  readonly default?: string;
  readonly required?: boolean;
  /** Whether `keyword@scope` is allowed. */
  readonly scopable?: boolean;
  /** `leaf>head` when left out. */
  readonly inherit?: Inherit;
  /** Values to propose; with `strict` the only ones allowed. */
  readonly candidates?: readonly string[];
  readonly strict?: boolean;
  /** Masked wherever it would be shown. */
  readonly secret?: boolean;
  /** The value is a command: references and expressions that mean nothing to us stay as they are. */
  readonly command?: boolean;
  /** Needed to provision only; `required` then counts only when provisioning. */
  readonly provisioning?: boolean;
  /** This keyword is an old one that stays valid: the one to use now. */
  readonly deprecatedFor?: string;
  /** Old names that stay valid; the current name wins. */
  readonly aliases?: readonly string[];
  /** What a bare number counts in a duration; seconds when left out. */
  readonly unit?: DurationUnit;
  readonly text: string;
}

export type KeywordTable = Readonly<Record<string, Keyword>>;

/** The converted values of a table: `Values<typeof keywords>`. */
export type Values<T extends KeywordTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

/** Keeps the literal types of a table, which `Values` needs. */
export function defineKeywords<const T extends KeywordTable>(table: T): T {
  return table;
}

/** Those keywords of a section for which a value in DEFAULT counts as well. */
export function inheritable(table: KeywordTable): KeywordTable {
  return Object.fromEntries(
    Object.entries(table).filter(([, { inherit = 'leaf>head' }]) => inherit === 'leaf>head'),
  );
}

/** The keyword that a name, current or old, stands for; the first table that knows it counts. */
export function findKeyword(
  tables: readonly KeywordTable[],
  name: string,
): { name: string; keyword: Keyword } | undefined {
  for (const table of tables) {
    const keyword = Object.hasOwn(table, name) ? table[name] : undefined;
    if (keyword) return { name, keyword };
  }
  for (const table of tables) {
    for (const [current, keyword] of Object.entries(table)) {
      if (keyword.aliases?.includes(name)) return { name: current, keyword };
    }
  }
  return undefined;
}

type ValueOf<K extends Keyword> = K['kind'] extends 'tristate'
  ? boolean | null
  : IsSet<K> extends true
    ? Typed<K>
    : Typed<K> | undefined;

type IsSet<K extends Keyword> = K extends { readonly default: string }
  ? true
  : K extends { readonly required: true }
    ? K extends { readonly provisioning: true }
      ? false
      : true
    : false;

/** A strict list of candidates is a union of words. */
type Typed<K extends Keyword> = K extends {
  readonly kind: 'string' | 'lower';
  readonly strict: true;
  readonly candidates: readonly (infer C)[];
}
  ? C
  : KindTypes[K['kind']];
