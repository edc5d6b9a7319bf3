import { basename, dirname } from 'node:path';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';

export const objectKinds = ['svc', 'vol', 'cfg', 'sec', 'usr', 'ccfg', 'nscfg'] as const;

export type ObjectKind = (typeof objectKinds)[number];

/** What a configuration file defines: a service, or one of the kinds around it. */
export interface ObjectPath {
  readonly namespace: string;
  readonly kind: ObjectKind;
  readonly name: string;
}

export const rootNamespace = 'root';

/** Basenames in the configuration directory that are never services. */
export const reservedNames: readonly string[] = ['node', 'auth', 'cluster', 'namespace'];

/**
 * Reads `name`, `kind/name` or `namespace/kind/name`; the first two live in `namespace`. Accepts
 * every name that is safe in a path and a selector: an odd one is warned about, not refused.
 *
 * @throws AgentError `E_OBJECT_PATH`
 */
export function parseObjectPath(text: string, namespace = rootNamespace): ObjectPath {
  const parts = text.split('/');
  const name = parts.pop() ?? '';
  const kind = parts.pop() ?? 'svc';
  const space = parts.pop() ?? namespace;
  if (parts.length > 0) throw pathError(text, 'more than three parts');
  if (!isObjectKind(kind)) throw pathError(text, `unknown kind ${quote(kind)}`);
  if (!isSafe(name)) throw pathError(text, `${quote(name)} cannot be a name`);
  if (!isSafe(space)) throw pathError(text, `${quote(space)} cannot be a namespace`);
  return { namespace: space, kind, name };
}

/** The form for people: `name` for a service of the root namespace, `kind/name` for its siblings. */
export function formatObjectPath({ namespace, kind, name }: ObjectPath): string {
  if (namespace !== rootNamespace) return `${namespace}/${kind}/${name}`;
  return kind === 'svc' ? name : `${kind}/${name}`;
}

/** The form with all three parts, which glob selectors match. */
export function fullObjectPath({ namespace, kind, name }: ObjectPath): string {
  return `${namespace}/${kind}/${name}`;
}

/** Why an object cannot be created with this name, or undefined when it can. */
export function problemOfObjectName(name: string): string | undefined {
  if (isObjectKind(name)) return `${quote(name)} is a kind`;
  if (reservedNames.includes(name)) return `${quote(name)} is reserved`;
  return problemOfWord(afterNumber(name), true);
}

/** Why a namespace cannot have this name, or undefined when it can. */
export function problemOfNamespace(name: string): string | undefined {
  if (isObjectKind(name)) return `${quote(name)} is a kind`;
  return problemOfWord(name, false);
}

/** The file that configures an object. */
export function objectConfigFile(paths: Paths, path: ObjectPath): string {
  return [paths.etc, ...placeOf(path), `${path.name}.conf`].join('/');
}

/** The directory that holds what an object must keep. */
export function objectVarDirectory(paths: Paths, path: ObjectPath): string {
  return [paths.var, ...placeOf(path, 'svc'), path.name].join('/');
}

export function objectLogFile(paths: Paths, path: ObjectPath): string {
  return [paths.log, ...placeOf(path), `${path.name}.log`].join('/');
}

/** The launcher directory of the app scripts of an object. */
export function objectScriptDirectory(paths: Paths, path: ObjectPath): string {
  return [paths.etc, ...placeOf(path), `${path.name}.d`].join('/');
}

/** The object that a file configures, or undefined when the file is none of its kind. */
export function objectOfConfigFile(paths: Paths, file: string): ObjectPath | undefined {
  if (!file.endsWith('.conf')) return undefined;
  const name = basename(file, '.conf');
  if (!isSafe(name)) return undefined;
  const directory = dirname(file);
  if (directory === paths.etc) {
    if (reservedNames.includes(name)) return undefined;
    return { namespace: rootNamespace, kind: 'svc', name };
  }
  const kind = basename(directory);
  if (!isObjectKind(kind)) return undefined;
  if (dirname(directory) === paths.etc) {
    return kind === 'svc' ? undefined : { namespace: rootNamespace, kind, name };
  }
  const namespace = basename(dirname(directory));
  if (namespace === rootNamespace || !isSafe(namespace)) return undefined;
  const path = { namespace, kind, name };
  return objectConfigFile(paths, path) === file ? path : undefined;
}

export function isObjectKind(word: string): word is ObjectKind {
  return objectKinds.some((kind) => kind === word);
}

/** The directories between the top and the object; services of the root namespace may have none. */
function placeOf({ namespace, kind }: ObjectPath, service?: string): string[] {
  if (namespace !== rootNamespace) return ['namespaces', namespace, kind];
  if (kind !== 'svc') return [kind];
  return service === undefined ? [] : [service];
}

/** Whether a word can be part of a file name and of a selector at all. */
function isSafe(word: string): boolean {
  return safeWord.test(word) && word.length <= 200;
}

const safeWord = /^[^\0- \x7f/,+\\.-][^\0- \x7f/,+\\]*$/;

/** The name without its `<digits>.` prefix. */
function afterNumber(name: string): string {
  let at = 0;
  while (isDigit(name[at])) at++;
  return at > 0 && name[at] === '.' ? name.slice(at + 1) : name;
}

function problemOfWord(word: string, dots: boolean): string | undefined {
  if (word.length < 2) return `${quote(word)} is shorter than two characters`;
  if (word.length > 63 * 3) return `${quote(word)} is too long`;
  if (!isLetter(word[0])) return `${quote(word)} does not start with a letter`;
  for (let at = 0; at < word.length; at++) {
    const character = word[at];
    if (isLetter(character) || isDigit(character) || character === '-') continue;
    if (dots && character === '.') {
      if (word[at + 1] === '.') return `${quote(word)} has two dots in a row`;
      continue;
    }
    return `${quote(word)} may hold letters, digits${dots ? ', dashes and dots' : ' and dashes'} only`;
  }
  const last = word.at(-1);
  return isLetter(last) || isDigit(last)
    ? undefined
    : `${quote(word)} does not end with a letter or digit`;
}

function isLetter(character: string | undefined): boolean {
  return (
    character !== undefined &&
    ((character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z'))
  );
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

function quote(word: string): string {
  return JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word);
}

function pathError(text: string, reason: string): AgentError {
  return new AgentError('E_OBJECT_PATH', `${quote(text)} is no object path: ${reason}`, {
    exit: 'usage',
    remedy: `write <name>, <kind>/<name> or <namespace>/<kind>/<name> with a kind of ${objectKinds.join(' ')}`,
  });
}
