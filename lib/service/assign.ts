import { applyEdits, type IniEdit } from '../config/edit.js';
import { type IniFile, parseIni } from '../config/ini.js';
import { AgentError } from '../errors/agent-error.js';
import { parseServiceParameter } from './parameter.js';
import { groupOf, resourceGroups } from './sections.js';

export const assignmentOperators = ['=', '+=', '|=', '-='] as const;
export type AssignmentOperator = (typeof assignmentOperators)[number];

/** One change of a keyword as typed: `fs#1.tags+=red`. */
export interface Assignment {
  /** `section.key`, `key`, or `group.key` for every resource of a group. */
  readonly parameter: string;
  /** Word of the value that is meant; negative ones count from the end. */
  readonly index?: number | undefined;
  /** Set, insert, add when it is not there, remove. */
  readonly operator: AssignmentOperator;
  readonly value: string;
}

/**
 * Reads `k=v`, `k+=v`, `k|=v`, `k-=v` and these with a position, `k[0]+=v`.
 * @throws AgentError `E_USAGE`
 */
export function parseAssignment(text: string): Assignment {
  const equals = text.indexOf('=');
  const sign = equals > 0 && '+|-'.includes(text.charAt(equals - 1)) ? 1 : 0;
  const operator = text.slice(equals - sign, equals + 1) as AssignmentOperator;
  const left = text.slice(0, Math.max(equals - sign, 0)).trim();
  const position = /\[(-?\d{1,6})\]$/.exec(left);
  const parameter = position ? left.slice(0, position.index) : left;
  if (parameter === '') {
    throw new AgentError('E_USAGE', `"${text}" is not an assignment`, {
      exit: 'usage',
      remedy: 'write it as section.key=value; += inserts, |= adds what is missing, -= removes',
    });
  }
  const index = position ? Number(position[1]) : undefined;
  return { parameter, operator, value: text.slice(equals + 1), index };
}

/**
 * The changes of a configuration text that some assignments ask for, one after the other.
 * @throws AgentError for what does not fit the text, `E_CONFIG_VALUE` for what no file can hold
 */
export function editsOfAssignments(text: string, assignments: readonly Assignment[]): IniEdit[] {
  const edits: IniEdit[] = [];
  let current = text;
  for (const assignment of assignments) {
    const ini = parseIni(current);
    for (const { section, key } of targetsOf(ini, assignment.parameter)) {
      const before = ini.byName.get(section)?.byKey.get(key.toLowerCase())?.value;
      const value = valueAfter(before, assignment);
      if (value === undefined) continue;
      const edit: IniEdit = { op: 'set', section, key, value };
      edits.push(edit);
      current = applyEdits(current, [edit]);
    }
  }
  return edits;
}

/** The keywords that a parameter stands for: a group stands for all its resources. */
export function targetsOf(ini: IniFile, text: string): { section: string; key: string }[] {
  const parameter = parseServiceParameter(text, (name) => ini.byName.has(name));
  const { section, key } = parameter;
  if (!resourceGroups.includes(section) || ini.byName.has(section)) return [parameter];
  const rids = ini.sections.map(({ name }) => name).filter((name) => groupOf(name) === section);
  if (rids.length > 0) return rids.map((rid) => ({ section: rid, key }));
  throw new AgentError('E_NO_RESOURCE', `${text}: there is no resource of group ${section}`, {
    remedy: `name a resource, such as ${section}#1.${key}`,
  });
}

/** @returns undefined when nothing has to change */
function valueAfter(before: string | undefined, assignment: Assignment): string | undefined {
  const { operator, value, index, parameter } = assignment;
  if (operator === '=' && index === undefined) return value;
  const words = (before ?? '').split(/\s+/).filter((word) => word !== '');
  const position = index === undefined ? words.length : index < 0 ? words.length + index : index;
  if (operator === '-=') {
    if (index !== undefined) throw noPosition(parameter);
    return words.includes(value) ? words.filter((word) => word !== value).join(' ') : undefined;
  }
  if (operator === '=') {
    if (position < 0 || position >= words.length) {
      throw new AgentError('E_VALUE', `${parameter}: it has ${words.length} words, none ${index}`, {
        remedy: 'positions count from 0, or from -1 backwards; += inserts',
      });
    }
    return words.with(position, value).join(' ');
  }
  if (operator === '|=' && words.includes(value)) return undefined;
  return words.toSpliced(Math.max(position, 0), 0, value).join(' ');
}

function noPosition(parameter: string): AgentError {
  return new AgentError('E_USAGE', `${parameter}: -= removes a word, whatever its position`, {
    exit: 'usage',
    remedy: 'leave out the position',
  });
}
