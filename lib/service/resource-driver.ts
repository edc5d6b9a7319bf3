import type { KeywordTable } from '../config/keyword.js';
import type { Driver } from '../driver/contract.js';
import { resourceKeywords } from '../driver/resource-keywords.js';
import { drivers } from '../drivers/catalogue.js';
import { AgentError } from '../errors/agent-error.js';
import { groupOf, type ServiceFile } from './service-file.js';

/** The driver of a group when the section names none. */
const defaultTypes: Readonly<Record<string, string>> = { task: 'host' };

/** The driver id that a section asks for: `task.host`. */
export function driverIdOf(file: ServiceFile, rid: string): string {
  const group = groupOf(rid) ?? rid;
  const type = file.evaluator.find(rid, 'type', resourceKeywords.type)?.text.toLowerCase();
  return `${group}.${type ?? defaultTypes[group] ?? '?'}`;
}

type LoadedDriver = Driver<never> & { keywords: KeywordTable };

/** Drivers of this process by id: a worker runs many resources of one driver. */
const loaded = new Map<string, LoadedDriver>();

/**
 * The driver of a resource, with the keywords that every resource has.
 * @throws AgentError when the service has no such resource, or nothing drives it
 */
export async function driverOf(file: ServiceFile, rid: string): Promise<LoadedDriver> {
  const id = driverIdOf(file, rid);
  if (!file.ini.byName.has(rid)) {
    throw new AgentError('E_NO_RESOURCE', `${file.path.name}: there is no resource ${rid}`, {
      remedy: 'see `svcmgr print config`',
    });
  }
  const load = drivers[id];
  if (!load) {
    throw new AgentError('E_NO_DRIVER', `${file.path.name} ${rid}: there is no driver ${id}`, {
      exit: 'config',
      remedy: 'correct `type`, or disable the resource',
    });
  }
  let driver = loaded.get(id);
  if (!driver) {
    const { default: own } = await load();
    driver = { ...own, keywords: { ...resourceKeywords, ...own.keywords } };
    loaded.set(id, driver);
  }
  return driver;
}
