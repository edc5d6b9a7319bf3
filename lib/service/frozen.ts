import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { ServiceFacts } from '../driver/contract.js';
import type { Paths } from '../env/paths.js';

type Place = Pick<ServiceFacts, 'directory'>;

/** Name of the flag in the directory of a service. */
export const frozenName = 'frozen';

/** The flag that freezes one instance; its modification time is when that was done. */
const flagOf = ({ directory }: Place): string => `${directory}/${frozenName}`;

/** The flag that freezes the node, and with it every service. */
export const nodeFlag = (paths: Paths): string => `${paths.var}/node/frozen`;

export function isFrozen(service: Place): boolean {
  return existsSync(flagOf(service));
}

export function isNodeFrozen(paths: Paths): boolean {
  return existsSync(nodeFlag(paths));
}

/** @returns false when it was frozen already */
export function freeze(service: Place): boolean {
  if (isFrozen(service)) return false;
  mkdirSync(service.directory, { recursive: true });
  writeFileSync(flagOf(service), '');
  return true;
}

/** @returns false when it was not frozen */
export function thaw(service: Place): boolean {
  if (!isFrozen(service)) return false;
  rmSync(flagOf(service), { force: true });
  return true;
}
