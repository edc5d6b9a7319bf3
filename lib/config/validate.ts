import { AgentError } from '../errors/agent-error.js';
import { isDecimalSize } from '../units/size.js';
import { type Finding, nearest } from './finding.js';
import type { IniEntry, IniSection } from './ini.js';
import { findKeyword, inheritable, type Keyword, type KeywordTable } from './keyword.js';
import { baseKey, scopeOfKey } from './keyword-path.js';
import { type Evaluator, evaluateFound, isMissing } from './values.js';

/** What may stand in a section. */
export interface SectionRule {
  readonly table: KeywordTable;
  /** How messages call what defines the table: `driver disk.loop`. */
  readonly name: string;
  /** Any keyword is allowed and none is evaluated, as in `env` and `labels`. */
  readonly free?: boolean;
  /** How a section with a deprecated name is written today. */
  readonly deprecatedFor?: string;
  /** Why the section cannot work, whatever it says. */
  readonly problem?: string;
  /** Why the section does nothing here, although it may stand in the file. */
  readonly idle?: string;
}

export interface ValidateOptions {
  /** The rule for a section, undefined when nothing knows such sections. */
  readonly ruleOf: (section: string) => SectionRule | undefined;
  /** Groups and section names to suggest from. */
  readonly groups?: readonly string[];
}

const maxFindings = 1000;
const maxNodes = 100;
const scopeWords = ['nodes', 'drpnodes', 'encapnodes', 'flex_primary', 'drp_flex_primary'];

/**
 * Checks a whole configuration and changes nothing. Findings come by kind, in this order: syntax,
 * keywords of DEFAULT, sections, keywords, scopes, references, values, missing keywords, references
 * without a value yet, odd units; within a kind by line.
 */
export function validateConfig(evaluator: Evaluator, options: ValidateOptions): Finding[] {
  const { ini } = evaluator;
  const syntax = ini.problems.map(({ line, column, section = '', message }): Finding => {
    return { level: 'error', line, column, section, message };
  });
  const checked = ini.sections.map((section) => ({ section, rule: options.ruleOf(section.name) }));
  const isDefault = ({ name }: IniSection): boolean => name === 'DEFAULT';
  const others = checked.flatMap(({ rule }) => (rule && !rule.free ? [rule.table] : []));
  const inherited = others.map(inheritable);
  const check = createChecks(evaluator);

  const ofDefault: Finding[] = [];
  const ofSections: Finding[] = [];
  const ofKeywords: Finding[] = [];
  for (const { section, rule } of checked) {
    if (!rule) {
      ofSections.push(unknownSection(section, options.groups ?? []));
      continue;
    }
    const { name, line } = section;
    if (rule.deprecatedFor !== undefined) {
      const message = `the section name is deprecated: write ${rule.deprecatedFor}`;
      ofSections.push({ level: 'warning', line, section: name, message });
    }
    if (rule.idle !== undefined) {
      ofSections.push({ level: 'warning', line, section: name, message: rule.idle });
    }
    if (rule.problem !== undefined) check.missing(section, undefined, rule.problem);
    const tables = isDefault(section) ? [rule.table, ...inherited] : [rule.table];
    const elsewhere = isDefault(section) ? others : [];
    (isDefault(section) ? ofDefault : ofKeywords).push(
      ...unknownKeywords(section, rule, tables, elsewhere),
    );
    for (const entry of rule.free ? [] : section.entries) {
      const known = findKeyword(tables, baseKey(entry.key));
      if (known) check.entry(section, entry, known.keyword);
    }
    check.required(section, rule);
  }
  const { scopes, references, values, missing, deferred, units } = check.findings;
  const groups = [
    syntax,
    ofDefault,
    ofSections,
    ofKeywords,
    scopes,
    references,
    values,
    missing,
    deferred,
    units,
  ];
  return groups
    .flatMap((group) => [...group].sort((a, b) => a.line - b.line))
    .slice(0, maxFindings);
}

/** Collects what each keyword of the file has to say. */
function createChecks(evaluator: Evaluator) {
  const findings = {
    scopes: [] as Finding[],
    references: [] as Finding[],
    values: [] as Finding[],
    missing: [] as Finding[],
    deferred: [] as Finding[],
    units: [] as Finding[],
  };
  const evaluators = new Map<string, Evaluator>([[evaluator.context.nodename, evaluator]]);
  const forNode = (node: string): Evaluator => {
    const known = evaluators.get(node);
    if (known || evaluators.size >= maxNodes) return known ?? evaluator;
    const created = evaluator.as(node);
    evaluators.set(node, created);
    return created;
  };
  const { nodes, drpnodes, drpnode, encapnodes } = evaluator.sets;
  const members = [
    ...new Set([...nodes, ...drpnodes, ...(drpnode ? [drpnode] : []), ...encapnodes]),
  ];

  return {
    findings,

    /** Checks one line, whether or not it counts on this node. */
    entry(section: IniSection, entry: IniEntry, keyword: Keyword): void {
      const place = { line: entry.line, section: section.name, key: entry.key };
      const scope = scopeOfKey(entry.key);
      if (scope !== undefined && !keyword.scopable) {
        const message = 'this keyword cannot have a scope';
        findings.scopes.push({ level: 'error', ...place, message });
      }
      const node = scope === undefined || scopeWords.includes(scope) ? undefined : scope;
      const used = node === undefined ? evaluator : forNode(node);
      try {
        const found = { text: entry.value };
        const { text, deferred } = evaluateFound(used, found, section.name, keyword);
        for (const token of deferred) {
          const message = `{${token}} has no value before the resource is built`;
          findings.deferred.push({ level: 'warning', ...place, message });
        }
        if (keyword.kind.startsWith('size') && isDecimalSize(text)) {
          const message = `${text} counts in powers of 1000 because of the i; without it, 1024`;
          findings.units.push({ level: 'warning', ...place, message });
        }
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        const group = error.code === 'E_VALUE' ? findings.values : findings.references;
        group.push({ level: 'error', ...place, message: error.message });
      }
    },

    /** Checks that required keywords have a value on every node that may use the section. */
    required(section: IniSection, { table, name }: SectionRule): void {
      for (const [key, keyword] of Object.entries(table)) {
        if (!keyword.required) continue;
        const lacking = members.slice(0, maxNodes).filter((node) => {
          const used = forNode(node);
          return isMissing(keyword, used.find(section.name, key, keyword), used.context);
        });
        if (lacking.length === 0) continue;
        const where = lacking.length === members.length ? '' : ` on ${lacking.join(', ')}`;
        this.missing(section, key, `${name} requires it${where}`);
      }
    },

    missing({ name, line }: IniSection, key: string | undefined, message: string): void {
      const subject = key === undefined ? {} : { key };
      findings.missing.push({ level: 'error', line, section: name, ...subject, message });
    },
  };
}

function unknownSection({ name, line }: IniSection, groups: readonly string[]): Finding {
  const group = name.split('#')[0] ?? name;
  const near = groups.includes(group) ? undefined : nearest(group, groups);
  return {
    level: 'warning',
    line,
    section: name,
    message: 'unknown section',
    ...(near === undefined ? {} : { suggestion: `[${near}${name.slice(group.length)}]` }),
  };
}

/**
 * Keywords that nothing knows, and those with a newer name.
 *
 * @param elsewhere tables of sections that do not inherit what stands here
 */
function unknownKeywords(
  section: IniSection,
  rule: SectionRule,
  tables: readonly KeywordTable[],
  elsewhere: readonly KeywordTable[],
): Finding[] {
  if (rule.free) return [];
  const findings: Finding[] = [];
  for (const { key, line } of section.entries) {
    if (findings.length >= maxFindings) break;
    const place = { level: 'warning', line, section: section.name, key } as const;
    const base = baseKey(key);
    const known = findKeyword(tables, base);
    if (known) {
      const current = known.name === base ? known.keyword.deprecatedFor : known.name;
      if (current !== undefined) {
        const message = `the keyword is deprecated: write ${current}`;
        findings.push({ ...place, message });
      }
    } else if (findKeyword(elsewhere, base)) {
      const message = 'it has no effect here: sections do not inherit this keyword';
      findings.push({ ...place, message });
    } else if (base !== 'comment') {
      const near = nearest(
        base,
        tables.flatMap((table) => Object.keys(table)),
      );
      const suggestion = near === undefined ? {} : { suggestion: near };
      findings.push({ ...place, message: `unknown to ${rule.name}`, ...suggestion });
    }
  }
  return findings;
}
