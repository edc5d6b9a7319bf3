import type { KeywordTable } from '../config/keyword.js';
import type { Driver } from '../driver/contract.js';
import { drivers } from '../drivers/catalogue.js';
import { unsupportedTypes } from '../drivers/unsupported.js';

export type LoadedDriver = Driver<never> & { keywords: KeywordTable };

/** Drivers of this process by id: a worker runs many resources of one driver. */
const loaded = new Map<string, LoadedDriver>();

/** The driver with this id; undefined when nothing here drives such resources. */
export async function loadDriver(id: string): Promise<LoadedDriver | undefined> {
  const known = loaded.get(id);
  if (known) return known;
  const load = drivers[id];
  if (!load) return undefined;
  const { default: driver } = await load();
  loaded.set(id, driver);
  return driver;
}

/** Whether configurations may name this driver although nothing here drives it. */
export function isKnownUnsupported(id: string): boolean {
  const [group = '', type = ''] = id.split('.');
  return unsupportedTypes[group]?.includes(type) ?? false;
}
