/** Reading and changing a configuration file from the command line: shared by nodemgr and svcmgr. */
import type { IniEdit } from '../config/edit.js';
import { readConfigFile } from '../config/file.js';
import type { IniFile } from '../config/ini.js';
import { AgentError } from '../errors/agent-error.js';

export interface Parameter {
  section: string;
  key: string;
}

/**
 * Splits `section.key`. Sections may hold dots and `#`, keys do not: the last dot counts.
 * @param fallback the section of a key without one; undefined: it must be given
 */
export function parseParameter(text: string, fallback?: string): Parameter {
  const dot = text.lastIndexOf('.');
  if (dot > 0 && dot < text.length - 1) {
    return { section: text.slice(0, dot), key: text.slice(dot + 1) };
  }
  if (dot === -1 && fallback !== undefined && text !== '') return { section: fallback, key: text };
  const fact = text === '' ? 'a parameter is missing' : `"${text}" is not a parameter`;
  throw new AgentError('E_USAGE', fact, {
    exit: 'usage',
    remedy: 'write it as section.key, for example asset.schedule',
  });
}

/** Splits the assignments of `--param P --value V` and of repeated `--kw P=V`. */
export function parseAssignments(args: {
  param: string | undefined;
  value: string | undefined;
  kw: readonly string[] | undefined;
}): [parameter: string, value: string][] {
  const assignments = (args.kw ?? []).map((text): [string, string] => {
    const equal = text.indexOf('=');
    if (equal > 0) return [text.slice(0, equal), text.slice(equal + 1)];
    throw new AgentError('E_USAGE', `--kw: "${text}" is not an assignment`, {
      exit: 'usage',
      remedy: 'write it as section.key=value',
    });
  });
  if (args.param !== undefined && args.value !== undefined) {
    assignments.push([args.param, args.value]);
  } else if (args.param !== undefined || args.value !== undefined) {
    throw new AgentError('E_USAGE', '--param and --value go together', { exit: 'usage' });
  }
  if (assignments.length > 0) return assignments;
  throw new AgentError('E_USAGE', 'nothing to set', {
    exit: 'usage',
    remedy: 'give --kw section.key=value, or --param and --value',
  });
}

export function requireConfig(path: string, what: string): IniFile {
  const file = readConfigFile(path);
  if (file) return file.ini;
  throw new AgentError('E_NO_CONFIG', `${what} does not exist`, { remedy: `create ${path}` });
}

/** The edits that remove keys; each must be there. */
export function unsetEdits(
  path: string,
  ini: IniFile,
  parameters: readonly Parameter[],
): IniEdit[] {
  for (const { section, key } of parameters) {
    if (ini.byName.get(section)?.byKey.has(key.toLowerCase())) continue;
    throw new AgentError('E_NOT_SET', `${section}.${key} is not set in ${path}`, {});
  }
  return parameters.map((parameter) => ({ op: 'unset', ...parameter }));
}
