import type { Evaluator } from '../config/values.js';
import { resourceKeywords } from '../driver/resource-keywords.js';
import { groupsInOrder } from '../status/aggregate.js';

/** Sections of service files that hold no resource. */
export const freeSections: readonly string[] = ['env', 'labels', 'data'];

/** Groups a resource section may name: `<group>#<id>`. */
export const resourceGroups: readonly string[] = groupsInOrder;

/** Old prefixes that stay valid, and the type that they stand for (spec service 1.3). */
const deprecatedPrefixes: Readonly<Record<string, string>> = {
  loop: 'loop',
  drbd: 'drbd',
  vdisk: 'vdisk',
  vmdg: 'vmdg',
  vg: 'vg',
  pool: 'zpool',
  zpool: 'zpool',
};

/** The driver of a group when the section names none. */
const defaultTypes: Readonly<Record<string, string>> = {
  ip: 'host',
  disk: 'vg',
  share: 'nfs',
  app: 'forking',
  sync: 'rsync',
  task: 'host',
  volume: 'volume',
};

/** Types with more than one name. */
const typeAliases: Readonly<Record<string, string>> = {
  'disk.lvm': 'vg',
  'disk.pool': 'zpool',
  'ip.docker': 'netns',
  'fs.none': 'bind',
  'fs.': 'bind',
};

/** What a section is, by its name alone. */
export interface SectionName {
  readonly rid: string;
  readonly group: string;
  /** Type that a deprecated prefix stands for. */
  readonly impliedType: string | undefined;
}

/** Reads the name of a resource section; undefined for any other. */
export function parseSectionName(rid: string): SectionName | undefined {
  const hash = rid.indexOf('#');
  if (hash <= 0 || hash === rid.length - 1) return undefined;
  const prefix = rid.slice(0, hash);
  const impliedType = deprecatedPrefixes[prefix];
  if (impliedType !== undefined) return { rid, group: 'disk', impliedType };
  return resourceGroups.includes(prefix)
    ? { rid, group: prefix, impliedType: undefined }
    : undefined;
}

/** Whether a section holds the options of a resource set: `subset#fs`, `subset#fs:g1`. */
export function isSubsetName(section: string): boolean {
  const [prefix, set = ''] = section.split('#', 2);
  const [group = '', name] = set.split(':', 2);
  return prefix === 'subset' && resourceGroups.includes(group) && name !== '';
}

/** How the name of a section is written today, undefined when it is. */
export function modernName(rid: string): string | undefined {
  const name = parseSectionName(rid);
  if (name?.impliedType === undefined) return undefined;
  return `disk${rid.slice(rid.indexOf('#'))} with type = ${name.impliedType}`;
}

/** The group of a section, `task` of `task#1`; undefined for sections that are no resource. */
export function groupOf(rid: string): string | undefined {
  return parseSectionName(rid)?.group;
}

/** The copy of the configuration that every service of several nodes has (spec service 8.7). */
export const implicitSync = 'sync#i0';

/** The driver id that a section asks for: `task.host`. */
export function driverIdOf(evaluator: Evaluator, rid: string): string {
  if (rid === implicitSync) return 'sync.config';
  const name = parseSectionName(rid);
  const group = name?.group ?? rid;
  const given = evaluator.find(rid, 'type', resourceKeywords.type)?.text.toLowerCase();
  const type = given ?? name?.impliedType ?? impliedByKeywords(evaluator, rid, group);
  const id = `${group}.${type ?? defaultTypes[group] ?? '?'}`;
  const alias = typeAliases[id];
  return alias === undefined ? id : `${group}.${alias}`;
}

/** An address in the network of a container says so by naming it. */
function impliedByKeywords(evaluator: Evaluator, rid: string, group: string): string | undefined {
  if (group !== 'ip') return undefined;
  return ['container_rid', 'netns'].some((key) => evaluator.find(rid, key) !== undefined)
    ? 'netns'
    : undefined;
}
