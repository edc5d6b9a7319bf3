import type { IniEdit } from '../config/edit.js';
import { nearest } from '../config/finding.js';
import { AgentError } from '../errors/agent-error.js';
import { parseSectionName, resourceGroups } from './sections.js';

/**
 * Reads a resource as JSON, `{"rtype":"fs","type":"flag"}`, or a list of these. `rid` names its
 * section; `rtype` gives it the first free number of its group, or is `DEFAULT` or `env`. Everything
 * else is a keyword.
 *
 * @param taken names of the sections that are there; what is allocated is added
 * @param first number to begin with
 * @throws AgentError `E_USAGE`
 */
export function editsOfResource(json: string, taken: Set<string>, first: 0 | 1): IniEdit[] {
  const data = parseJson(json);
  const list = Array.isArray(data) ? data : [data];
  return list.flatMap((resource) => {
    if (!isRecord(resource)) throw wrong(`${shown(resource)} is no resource`);
    const { rid, rtype, ...keywords } = resource;
    const section = sectionOf(rid, rtype, taken, first);
    taken.add(section);
    const edits = editsOfSection(section, keywords);
    if (edits.length === 0 && parseSectionName(section)) throw wrong(`${section} has no keyword`);
    return edits;
  });
}

/**
 * Reads a whole configuration as `print config --format json` writes it: an object of sections. A
 * list is read as resources.
 *
 * @throws AgentError `E_USAGE`
 */
export function editsOfConfiguration(json: string): IniEdit[] {
  const data = parseJson(json);
  if (Array.isArray(data)) return editsOfResource(json, new Set(), 0);
  if (!isRecord(data)) throw wrong(`${shown(data)} is no configuration`);
  return Object.entries(data).flatMap(([section, keywords]) => {
    if (section === 'schema' && typeof keywords === 'string') return [];
    if (!isRecord(keywords)) throw wrong(`${section}: ${shown(keywords)} is no section`);
    return editsOfSection(section, keywords);
  });
}

function sectionOf(rid: unknown, rtype: unknown, taken: Set<string>, first: number): string {
  if (typeof rid === 'string' && rid !== '') {
    if (parseSectionName(rid) || ['DEFAULT', 'env'].includes(rid)) return rid;
    throw unknownGroup(rid, rid.split('#')[0] ?? '');
  }
  if (rid !== undefined || typeof rtype !== 'string') {
    throw wrong('a resource needs a "rid" or an "rtype"');
  }
  if (rtype === 'DEFAULT' || rtype === 'env') return rtype;
  if (!parseSectionName(`${rtype}#0`)) throw unknownGroup(rtype, rtype);
  let number = first;
  while (taken.has(`${rtype}#${number}`)) number++;
  return `${rtype}#${number}`;
}

function editsOfSection(section: string, keywords: Record<string, unknown>): IniEdit[] {
  return Object.entries(keywords).flatMap(([key, value]): IniEdit[] => {
    if (value === null) return [];
    const items = Array.isArray(value) ? value : [value];
    const odd = items.find((item) => typeof item === 'object' || item === undefined);
    if (odd !== undefined) throw wrong(`${section}.${key}: ${shown(odd)} is no value`);
    return [{ op: 'set', section, key, value: items.map(String).join(' ') }];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw wrong(`${shown(text)} is no JSON: ${reason}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownGroup(text: string, group: string): AgentError {
  const near = nearest(group, [...resourceGroups, 'DEFAULT', 'env']);
  return wrong(
    `${text}: there is no group ${group}`,
    near ? `did you mean ${near}?` : `groups are ${resourceGroups.join(', ')}`,
  );
}

function wrong(
  fact: string,
  remedy = 'write a resource as {"rtype":"fs","type":"flag"} or {"rid":"fs#1",…}',
): AgentError {
  return new AgentError('E_USAGE', fact, { exit: 'usage', remedy });
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
