import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import { type ConvertOptions, convertKeyword } from './convert.js';
import { textOfExpression } from './expression.js';
import { type Finding, messageOf } from './finding.js';
import type { IniEntry, IniFile } from './ini.js';
import type { Keyword, KeywordTable, Kind, KindTypes, Values } from './keyword.js';
import { baseKey, splitKeywordPath } from './keyword-path.js';
import {
  formatObjectPath,
  type ObjectPath,
  objectScriptDirectory,
  objectVarDirectory,
  rootNamespace,
} from './object-path.js';
import {
  type Expansion,
  expandText,
  maxReferenceDepth,
  type Reference,
  type Resolution,
  referenceError,
} from './reference.js';
import { bootstrapNodeSets, findScoped, type NodeSets, noNodeSets, scopesOf } from './scope.js';

/** Everything outside the file that a value may depend on. */
export interface EvaluationContext extends Omit<ConvertOptions, 'unit'> {
  /** The node to evaluate for. */
  readonly nodename: string;
  /** What the file configures; without it the file is the node's own. */
  readonly object?: ObjectPath;
  readonly paths: Paths;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A keyword of the node configuration. */
  readonly nodeConf?: (section: string, key: string) => string | undefined;
  /** Full paths of the programs. */
  readonly programs?: { readonly svcmgr: string; readonly nodemgr: string };
  /** What a built resource says about itself (`exposed_devs`…), undefined before it is built. */
  readonly lookup?: (rid: string, key: string) => readonly string[] | undefined;
  /** The keywords of a section, for the defaults and policies of what references name. */
  readonly tableOf?: (section: string) => KeywordTable | undefined;
  /** Keywords that only provisioning needs are required too. */
  readonly provisioning?: boolean;
}

/** Where a value comes from. */
export interface Found {
  readonly text: string;
  /** The section that holds it. */
  readonly section: string;
  /** Undefined for a default. */
  readonly entry: IniEntry | undefined;
}

export interface Evaluator {
  readonly ini: IniFile;
  readonly context: EvaluationContext;
  readonly sets: NodeSets;
  /** What was wrong with the node lists; these are then taken for unset. */
  readonly findings: readonly Finding[];
  /** The same file for another node. */
  as(node: string): Evaluator;
  /** The raw value that counts for a keyword, following its policy, scopes, aliases and default. */
  find(section: string, key: string, keyword?: Keyword): Found | undefined;
  /** Evaluates a text as if it stood in a section. Throws `E_REFERENCE` or `E_EXPRESSION`. */
  evaluate(text: string, section: string, command?: boolean): Expansion;
}

/** The values of a section. */
export interface SectionValues<T extends KeywordTable> {
  /** Undefined when the section cannot be used; `findings` then hold the errors. */
  readonly values: Values<T> | undefined;
  /** What could be read all the same, for those who only show it. */
  readonly partial: Partial<Values<T>>;
  readonly findings: readonly Finding[];
}

export interface GetOptions {
  /** The value under the scopes of the node, references and expressions evaluated. */
  readonly eval?: boolean;
  /** Evaluate for this node. */
  readonly impersonate?: string;
}

export interface GotValue {
  readonly text: string;
  /** Converted when the keyword is known, else the text; undefined when it has none yet. */
  readonly value: KindTypes[Kind] | undefined;
  /** Undefined for a default. */
  readonly line?: number;
}

/** How much text one evaluation, and all of a file, may work through. */
const evaluationBudget = 8 << 20;
const fileBudget = 128 << 20;

const nodeSetKeys: readonly string[] = [
  'encapnodes',
  'nodes',
  'drpnodes',
  'drpnode',
  'flex_primary',
  'drp_flex_primary',
];
const unscoped: readonly string[] = [];
const deferredKeys = ['exposed_devs', 'sub_devs', 'base_devs'];

/** Prepares the evaluation of a file for a node: works out its node lists once. */
export function createEvaluator(
  ini: IniFile,
  context: EvaluationContext,
  budget: { left: number } = { left: fileBudget },
): Evaluator {
  const node = context.nodename.toLowerCase();
  const findings: Finding[] = [];
  let sets = noNodeSets;
  let scopes = scopesOf(node, sets);

  function find(section: string, key: string, keyword?: Keyword): Found | undefined {
    const used = keyword && !keyword.scopable ? unscoped : scopes;
    const inherit = section === 'DEFAULT' || !keyword ? 'leaf' : (keyword.inherit ?? 'leaf>head');
    // Best place first. This is asked for each keyword of each table: it must cost next to nothing.
    const found =
      (inherit === 'head' ? undefined : findIn(section, key, keyword?.aliases, used)) ??
      (inherit === 'leaf'
        ? undefined
        : typeof inherit === 'string'
          ? findIn('DEFAULT', key, keyword?.aliases, used)
          : findIn('DEFAULT', inherit.mapped, undefined, used));
    if (found) return found;
    return keyword?.default === undefined
      ? undefined
      : { text: keyword.default, section, entry: undefined };
  }

  function findIn(
    section: string,
    key: string,
    aliases: readonly string[] | undefined,
    used: readonly string[],
  ): Found | undefined {
    const entries = ini.byName.get(section);
    if (!entries) return undefined;
    let entry = findScoped(entries, key, used);
    for (let n = 0; !entry && aliases && n < aliases.length; n++) {
      entry = findScoped(entries, aliases[n] ?? '', used);
    }
    return entry && { text: entry.value, section, entry };
  }

  function evaluate(text: string, section: string, command = false): Expansion {
    let left = evaluationBudget;
    const spend = (characters: number): void => {
      left -= characters;
      budget.left -= characters;
      if (left < 0 || budget.left < 0) {
        throw new AgentError('E_REFERENCE', 'references ask for too much work', { exit: 'config' });
      }
    };
    return expand(text, section, command, spend, 0);
  }

  function expand(
    text: string,
    section: string,
    command: boolean,
    spend: (characters: number) => void,
    depth: number,
  ): Expansion {
    const inner: string[] = [];
    const deeper = (found: Found, token: string, place: string): Resolution => {
      if (depth >= maxReferenceDepth) throw referenceError(token, 'references form a circle');
      spend(found.text.length);
      const expansion = expand(found.text, place, command, spend, depth + 1);
      inner.push(...expansion.deferred);
      return { text: textOfExpression(expansion.value) };
    };
    const resolve = (reference: Reference): Resolution => {
      const { token, key } = reference;
      if (reference.section === undefined) {
        const builtin = builtinOf(key, section, context, node);
        if (builtin !== undefined) return { text: builtin };
        return fromKeywords(section, key, true, token, deeper);
      }
      if (reference.section === 'node') return fromNode(key, context);
      if (reference.section === 'env') {
        const variable = context.env?.[key.toUpperCase()];
        if (variable !== undefined) return { text: variable };
      }
      if (
        deferredKeys.includes(key) ||
        (key === 'mnt' && reference.section.startsWith('volume#'))
      ) {
        if (!ini.byName.has(reference.section)) return undefined;
        const words = context.lookup?.(reference.section, key);
        return words === undefined ? 'deferred' : { text: words.join(' ') };
      }
      return fromKeywords(reference.section, key, false, token, deeper);
    };
    const { value, deferred } = expandText(text, { resolve, command, spend });
    return { value, deferred: [...deferred, ...inner] };
  }

  /** The value of a keyword that a reference names. */
  function fromKeywords(
    section: string,
    key: string,
    inherits: boolean,
    token: string,
    deeper: (found: Found, token: string, place: string) => Resolution,
  ): Resolution {
    const known = keywordOf(context.tableOf?.(section), key);
    const found =
      find(section, key, known) ??
      (inherits ? find('DEFAULT', key, keywordOf(context.tableOf?.('DEFAULT'), key)) : undefined);
    if (found) return deeper(found, token, found.section);
    return (inherits || section === 'DEFAULT') && nodeSetKeys.includes(key)
      ? { text: textOfSet(key, sets) }
      : undefined;
  }

  sets = bootstrapNodeSets(node, (key, known) => {
    sets = known;
    scopes = scopesOf(node, known);
    const found = find('DEFAULT', key);
    if (!found?.entry) return undefined;
    try {
      return textOfExpression(evaluate(found.text, 'DEFAULT').value);
    } catch (error) {
      const { line } = found.entry;
      findings.push({ level: 'error', line, section: 'DEFAULT', key, message: messageOf(error) });
      return undefined;
    }
  });
  scopes = scopesOf(node, sets);

  return {
    ini,
    context,
    sets,
    findings,
    as: (other) =>
      other.toLowerCase() === node
        ? createEvaluator(ini, context, budget)
        : createEvaluator(ini, { ...context, nodename: other }, budget),
    find,
    evaluate,
  };
}

/**
 * Reads a section with its keyword table: finds, evaluates and converts every keyword of it. A
 * section with errors has no values; a broken one, none at all.
 */
export function readSection<const T extends KeywordTable>(
  evaluator: Evaluator,
  section: string,
  table: T,
): SectionValues<T> {
  const findings: Finding[] = [];
  const values: Record<string, KindTypes[Kind] | undefined> = {};
  const header = evaluator.ini.byName.get(section);
  for (const { section: touched, line, column, message } of evaluator.ini.problems) {
    if (touched === section) findings.push({ level: 'error', line, column, section, message });
  }
  if (header?.broken && findings.length === 0) {
    findings.push({ level: 'error', line: header.line, section, message: 'it does not parse' });
  }
  for (const [key, keyword] of Object.entries(table)) {
    const found = evaluator.find(section, key, keyword);
    const line = found?.entry?.line ?? header?.line ?? 1;
    const report = (level: Finding['level'], message: string): void => {
      findings.push({ level, line, section, key, message });
    };
    if (isMissing(keyword, found, evaluator.context)) report('error', 'it is required');
    if (!found) {
      values[key] = keyword.kind === 'tristate' ? null : undefined;
      continue;
    }
    try {
      const { value, deferred } = evaluateFound(evaluator, found, section, keyword);
      values[key] = value;
      for (const token of deferred) report('warning', `{${token}}: has no value yet`);
    } catch (error) {
      report('error', messageOf(error));
    }
  }
  const failed = findings.some(({ level }) => level === 'error');
  // One entry per keyword of the table, each converted by its kind: this is `Values<T>`.
  const typed = values as Values<T>;
  return { values: failed ? undefined : typed, partial: typed, findings };
}

/**
 * One value by its path, such as `fs#1.dev` or `nodes`: the raw text as it stands in the file, or
 * with `eval` the text and the converted value for a node, defaults included.
 *
 * @returns undefined when it is not set
 * @throws AgentError `E_REFERENCE`, `E_EXPRESSION` or `E_VALUE`
 */
export function getValue(
  evaluator: Evaluator,
  path: string,
  options: GetOptions = {},
): GotValue | undefined {
  const { section, key } = splitKeywordPath(path, (name) => evaluator.ini.byName.has(name));
  const exact = evaluator.ini.byName.get(section)?.byKey.get(key.toLowerCase());
  if (!options.eval) {
    return exact && { text: exact.value, value: exact.value, line: exact.line };
  }
  const { impersonate } = options;
  const used = impersonate === undefined ? evaluator : evaluator.as(impersonate);
  const keyword = keywordOf(used.context.tableOf?.(section), baseKey(key));
  const found = key.includes('@')
    ? exact && { text: exact.value, entry: exact }
    : used.find(section, key, keyword);
  if (!found) return undefined;
  const line = found.entry === undefined ? {} : { line: found.entry.line };
  const { text, value } = evaluateFound(used, found, section, keyword);
  return { text, value, ...line };
}

/** Whether a required keyword has no value where one is needed. */
export function isMissing(
  keyword: Keyword,
  found: Found | undefined,
  { provisioning = false }: Pick<EvaluationContext, 'provisioning'>,
): boolean {
  if (!keyword.required || (keyword.provisioning && !provisioning)) return false;
  return !found || found.text === '';
}

/**
 * Evaluates and converts what was found; undefined when the value waits for what is not built yet.
 * The message of an error shows nothing of a secret.
 *
 * @throws AgentError
 */
export function evaluateFound(
  { evaluate, context }: Evaluator,
  found: Pick<Found, 'text'>,
  section: string,
  keyword: Keyword | undefined,
): { text: string; value: KindTypes[Kind] | undefined; deferred: readonly string[] } {
  try {
    const { value, deferred } = evaluate(found.text, section, keyword?.command);
    const text = textOfExpression(value);
    if (!keyword) return { text, value: text, deferred };
    if (deferred.length > 0 && text.trim() === '' && !kindsWithEmpty.includes(keyword.kind)) {
      return { text, value: undefined, deferred };
    }
    return { text, value: convertKeyword(keyword, text, context), deferred };
  } catch (error) {
    if (!keyword?.secret || !(error instanceof AgentError)) throw error;
    throw new AgentError('E_VALUE', 'the value cannot be used', { exit: 'config' });
  }
}

/** A keyword of a table that may not know it. */
export function keywordOf(table: KeywordTable | undefined, key: string): Keyword | undefined {
  return table && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Kinds to which an empty text is a value. */
const kindsWithEmpty: readonly Kind[] = [
  'string',
  'lower',
  'list',
  'list_lower',
  'list_comma',
  'set',
  'shlex',
  'expanded_shlex',
  'nodes_selector',
];

/** The words that mean something in every file, or undefined for any other. */
function builtinOf(
  key: string,
  section: string,
  context: EvaluationContext,
  node: string,
): string | undefined {
  const { paths, object, nodeConf, programs } = context;
  const cluster = (name: string): string => nodeConf?.('cluster', name) ?? '';
  switch (key) {
    case 'nodename':
      return node;
    case 'short_nodename':
      return firstLabel(node);
    case 'rid':
      return section;
    case 'rindex':
      return section.slice(section.indexOf('#') + 1);
    case 'clustername':
      return cluster('name');
    case 'clusternodes':
      return cluster('nodes');
    case 'clusterdrpnodes':
      return cluster('drpnodes');
    case 'dns':
      return cluster('dns');
    case 'svcmgr':
      return programs?.svcmgr ?? 'svcmgr';
    case 'nodemgr':
      return programs?.nodemgr ?? 'nodemgr';
    case 'etc':
      return paths.etc;
    case 'var':
      return paths.var;
    default:
      return object && objectWord(key, object, paths, cluster('name'));
  }
}

function objectWord(
  key: string,
  object: ObjectPath,
  paths: Paths,
  cluster: string,
): string | undefined {
  const { namespace, kind, name } = object;
  const domain = [namespace, kind, cluster].filter((part) => part !== '').join('.');
  switch (key) {
    case 'svcname':
    case 'name':
      return name;
    case 'short_svcname':
    case 'short_name':
      return firstLabel(name);
    case 'namespace':
      return namespace || rootNamespace;
    case 'kind':
      return kind;
    case 'path':
    case 'svcpath':
      return formatObjectPath(object);
    case 'fqdn':
      return `${name}.${domain}`;
    case 'domain':
      return domain;
    case 'private_var':
      return objectVarDirectory(paths, object);
    case 'initd':
      return objectScriptDirectory(paths, object);
    default:
      return undefined;
  }
}

/** A keyword of the node configuration: `env.x` and `labels.x` name sections of their own. */
function fromNode(key: string, { nodeConf }: EvaluationContext): Resolution {
  const dot = key.indexOf('.');
  const group = key.slice(0, dot);
  const text =
    group === 'env' || group === 'labels'
      ? nodeConf?.(group, key.slice(dot + 1))
      : nodeConf?.('node', key);
  return text === undefined ? undefined : { text };
}

function textOfSet(key: string, sets: NodeSets): string {
  switch (key) {
    case 'nodes':
      return sets.nodes.join(' ');
    case 'drpnodes':
      return sets.drpnodes.join(' ');
    case 'encapnodes':
      return sets.encapnodes.join(' ');
    case 'drpnode':
      return sets.drpnode ?? '';
    case 'flex_primary':
      return sets.flexPrimary ?? '';
    default:
      return sets.drpFlexPrimary ?? '';
  }
}

function firstLabel(name: string): string {
  return name.split('.')[0] ?? name;
}
