/** What lies beside the file of a service, and what it leaves elsewhere. */
import { lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  type ObjectPath,
  objectConfigFile,
  objectLogFile,
  objectScriptDirectory,
  objectVarDirectory,
} from '../config/object-path.js';
import type { Paths } from '../env/paths.js';
import { errnoOf } from '../errors/agent-error.js';
import { programs } from './service-file.js';

/**
 * Makes the launcher directory of a service and its link, through which `svcmgr` is about it. What is
 * in the way stays.
 *
 * @returns what could not be made, each as a sentence
 */
export function addCompanions(paths: Paths, path: ObjectPath): string[] {
  const directory = objectScriptDirectory(paths, path);
  const link = linkOf(paths, path);
  return [
    attempt(directory, () => mkdirSync(directory, { mode: 0o755 })),
    attempt(link, () => symlinkSync(programs.svcmgr, link)),
  ].filter((failure) => failure !== undefined);
}

/**
 * Every place that holds something of a service and exists: its file last, so that a removal which
 * is interrupted can be repeated.
 */
export function placesOf(paths: Paths, path: ObjectPath): string[] {
  const file = objectConfigFile(paths, path);
  const link = linkOf(paths, path);
  const scripts = objectScriptDirectory(paths, path);
  return [
    ...(lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? [link] : []),
    scripts,
    // The first generation kept the launchers here, and `.d` was a link to it.
    `${scripts}ir`,
    objectVarDirectory(paths, path),
    ...logsOf(objectLogFile(paths, path)),
    `${file}.edit`,
    file,
  ].filter((place) => lstatSync(place, { throwIfNoEntry: false }) !== undefined);
}

function linkOf(paths: Paths, path: ObjectPath): string {
  return objectConfigFile(paths, path).replace(/\.conf$/, '');
}

/** The log, the debug log, and what rotation made of them: `web.log.2.gz`. */
function logsOf(file: string): string[] {
  const name = basename(file, '.log');
  const rotated = new Set([`${name}.log`, `${name}.debug.log`]);
  try {
    return readdirSync(dirname(file))
      .filter((entry) => rotated.has(entry.replace(/\.\d+(\.gz)?$/, '')))
      .map((entry) => join(dirname(file), entry));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function attempt(place: string, make: () => void): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    if (code === 'EEXIST') return undefined;
    return `${place} could not be made (${code})`;
  }
}
