import { globMatches, isGlob } from '../../config/glob.js';
import { fullObjectPath, parseObjectPath, rootNamespace } from '../../config/object-path.js';
import type { Evaluator } from '../../config/values.js';
import { AgentError } from '../../errors/agent-error.js';
import type { InstalledService } from '../installed.js';
import type { ConfigOf } from './configured.js';
import { type Fragment, parseSelector } from './parse-selector.js';

export interface SelectOptions {
  /** Relative paths live in it, patterns and matches see nothing else. */
  readonly namespace?: string | undefined;
  /**
   * How configurations are read, asked for when the expression needs any. Each is then read at most
   * once, and only where nothing cheaper decides. For one that cannot be used no match holds,
   * negated or not.
   */
  readonly configReader: () => Promise<ConfigOf>;
}

export interface Selection {
  /** In the order of `installed`. */
  readonly services: readonly InstalledService[];
  /** Names that stand for one service each, which does not exist, as typed. */
  readonly missing: readonly string[];
  /** Services whose configuration was asked for and cannot be used. */
  readonly unusable: readonly { readonly service: InstalledService; readonly error: AgentError }[];
}

/**
 * The services that an expression selects (spec service 2.3).
 *
 * A fragment that equals the path of a service is that path before it is anything else. A chain with
 * a name that does not exist selects nothing.
 *
 * @throws AgentError `E_SELECTOR` or `E_OBJECT_PATH` for what was mistyped
 */
export async function selectServices(
  installed: readonly InstalledService[],
  expression: string,
  options: SelectOptions,
): Promise<Selection> {
  const missing: string[] = [];
  const unusable = new Map<InstalledService, AgentError>();
  const byPath = new Map(installed.map((service) => [fullObjectPath(service.path), service]));
  const around: Surroundings = { byPath, options, expression, missing };
  const prepared: Test[][] = [];
  for (const fragments of parseSelector(expression)) {
    const tests: Test[] = [];
    for (const fragment of fragments) tests.push(await prepare(fragment, around));
    prepared.push(tests);
  }
  // Globs cost nothing: within a chain, and among chains, they go first.
  const chains = prepared
    .map((tests) => [...tests].sort(byCost))
    .sort((a, b) => Number(a.some(needsConfig)) - Number(b.some(needsConfig)));

  const read = chains.flat().some(needsConfig) ? await options.configReader() : undefined;
  const known = new Map<InstalledService, Evaluator | undefined>();
  const configOf = (service: InstalledService): Evaluator | undefined => {
    if (known.has(service)) return known.get(service);
    let evaluator: Evaluator | undefined;
    try {
      evaluator = read?.(service);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      unusable.set(service, error);
    }
    known.set(service, evaluator);
    return evaluator;
  };

  const services: InstalledService[] = [];
  for (const service of installed) {
    if (await isChosen(service, chains, configOf)) services.push(service);
  }
  return {
    services,
    missing: [...new Set(missing)],
    unusable: [...unusable].map(([service, error]) => ({ service, error })),
  };
}

/** One fragment, ready to be asked about services. */
type Test =
  | { readonly kind: 'path'; holds(service: InstalledService): boolean }
  | {
      readonly kind: 'config';
      /** Whether it may hold at all, by the path. */
      within(service: InstalledService): boolean;
      holds(evaluator: Evaluator): Promise<boolean>;
    };

async function isChosen(
  service: InstalledService,
  chains: readonly (readonly Test[])[],
  configOf: (service: InstalledService) => Evaluator | undefined,
): Promise<boolean> {
  for (const tests of chains) {
    let holds = true;
    for (const test of tests) {
      if (test.kind === 'path') holds = test.holds(service);
      else {
        const evaluator = test.within(service) ? configOf(service) : undefined;
        holds = evaluator !== undefined && (await test.holds(evaluator));
      }
      if (!holds) break;
    }
    if (holds) return true;
  }
  return false;
}

const needsConfig = ({ kind }: Test): boolean => kind === 'config';
const byCost = (a: Test, b: Test): number => Number(needsConfig(a)) - Number(needsConfig(b));
const nothing: Test = { kind: 'path', holds: () => false };

interface Surroundings {
  readonly byPath: ReadonlyMap<string, InstalledService>;
  readonly options: SelectOptions;
  readonly expression: string;
  /** Names that do not exist are added here. */
  readonly missing: string[];
}

async function prepare(fragment: Fragment, around: Surroundings): Promise<Test> {
  const { negated, body, match, text } = fragment;
  const { namespace } = around.options;
  const isWithin = ({ path }: InstalledService): boolean =>
    namespace === undefined || path.namespace === namespace;

  const named = installedAt(text, around) ?? installedAt(body, around);
  if (named) {
    // The path of another namespace may be chosen by name, but "all but it" stays in this one.
    const inverted = negated && installedAt(text, around) === undefined;
    return {
      kind: 'path',
      holds: (service) => (inverted ? isWithin(service) && service !== named : service === named),
    };
  }
  if (!match && isPattern(body)) {
    const { pattern, anywhere } = patternOf(body, namespace);
    return {
      kind: 'path',
      holds: (service) =>
        ((anywhere && !negated) || isWithin(service)) &&
        globMatches(pattern, fullObjectPath(service.path)) !== negated,
    };
  }
  // Only now the tables of keywords are worth loading.
  const { configTest, isKeyword } = await import('./match-config.js');
  const question =
    match ?? (isKeyword(body) ? { param: body, operator: ':' as const, value: '' } : undefined);
  if (!question) {
    if (!/^[^/]+\/$/.test(body)) parseObjectPath(body, namespace);
    around.missing.push(body);
    return nothing;
  }
  const test = configTest(question, around.expression);
  if (!test) return nothing;
  return {
    kind: 'config',
    within: isWithin,
    holds: async (evaluator) => (await test(evaluator)) !== negated,
  };
}

function installedAt(
  body: string,
  { byPath, options }: Surroundings,
): InstalledService | undefined {
  return byPath.get(fullFormOf(body, options.namespace));
}

/** Puts what is left out before a relative path or pattern; slashes are not judged. */
function fullFormOf(body: string, namespace = rootNamespace): string {
  const parts = body.split('/').length;
  if (parts === 1) return `${namespace}/svc/${body}`;
  return parts === 2 ? `${namespace}/${body}` : body;
}

function isPattern(body: string): boolean {
  // `a/b/` is everything of a kind in a namespace; `a/` is the namespace itself.
  return isGlob(body) || /^[^/]+\/[^/]+\/$/.test(body);
}

/** The glob on full paths, and whether it names its namespace. */
function patternOf(
  body: string,
  namespace: string | undefined,
): { pattern: string; anywhere: boolean } {
  if (body === '**') return { pattern: '*/*/*', anywhere: false };
  const parts = body.split('/');
  const [first = '', second = '', third] = parts;
  if (parts.length === 1) return { pattern: `*/svc/${body}`, anywhere: false };
  if (parts.length === 2 && second === '**') {
    return { pattern: `${first}/*/*`, anywhere: !isGlob(first) };
  }
  if (parts.length === 2 && first === '**') return { pattern: `*/*/${second}`, anywhere: false };
  if (parts.length === 2) return { pattern: fullFormOf(body, namespace), anywhere: false };
  const pattern = third === '' && parts.length === 3 ? `${body}*` : body;
  return { pattern, anywhere: !isGlob(first) };
}
