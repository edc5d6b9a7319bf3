import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { ServiceFacts } from '../driver/contract.js';
import type { Paths } from '../env/paths.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';

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

/**
 * @returns false when it was frozen already
 * @throws AgentError `E_FLAG`
 */
export function freeze(service: Place): boolean {
  if (isFrozen(service)) return false;
  change(service, () => {
    mkdirSync(service.directory, { recursive: true });
    writeFileSync(flagOf(service), '');
  });
  return true;
}

/**
 * @returns false when it was not frozen
 * @throws AgentError `E_FLAG`
 */
export function thaw(service: Place): boolean {
  if (!isFrozen(service)) return false;
  change(service, () => rmSync(flagOf(service), { force: true }));
  return true;
}

function change(service: Place, work: () => void): void {
  try {
    work();
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    throw new AgentError('E_FLAG', `${flagOf(service)} cannot be changed (${code})`, {
      exit: code === 'EACCES' || code === 'EPERM' ? 'notPermitted' : 'io',
      remedy: `make ${service.directory} writable and check its free space`,
      cause,
    });
  }
}
