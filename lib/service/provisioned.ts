import { mkdirSync, readFileSync, statSync } from 'node:fs';
import type { ServiceFacts } from '../driver/contract.js';
import { writeFileAtomic } from '../env/atomic-file.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import type { Resource } from './resource.js';

/** Whether a resource was provisioned, and since when. */
export interface Provisioned {
  /** Null: not known yet. */
  readonly state: boolean | null;
  /** Epoch seconds of the last change; null without a record. */
  readonly mtime: number | null;
}

/** The state of a whole instance. */
export type InstanceProvisioned = boolean | 'mixed';

type Place = Pick<ServiceFacts, 'directory'>;

const flagOf = ({ directory }: Place, rid: string): string => `${directory}/${rid}/provisioned`;

export function provisionedOf(service: Place, resource: Resource): Provisioned {
  if (!resource.driver?.provision) return { state: true, mtime: null };
  const file = flagOf(service, resource.rid);
  try {
    const text = readFileSync(file, 'utf8').trim();
    return { state: text === 'true', mtime: statSync(file).mtimeMs / 1000 };
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return { state: null, mtime: null };
  }
}

/**
 * Records the state of a resource; a state that is recorded already is left alone.
 * @throws AgentError `E_RECORD` when it cannot be written
 */
export function recordProvisioned(service: Place, rid: string, state: boolean): void {
  const file = flagOf(service, rid);
  try {
    if (readFileSync(file, 'utf8').trim() === String(state)) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  try {
    mkdirSync(`${service.directory}/${rid}`, { recursive: true });
    writeFileAtomic(file, `${state}\n`);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    throw new AgentError('E_RECORD', `${file} cannot be written (${code})`, { exit: 'io', cause });
  }
}

/**
 * True when all are provisioned as far as it is known, false when none is. What nobody can provision
 * has no say: else an app would make every service that was unprovisioned look half done.
 */
export function instanceProvisioned(
  states: readonly { readonly resource: Resource; readonly provisioned: Provisioned }[],
): InstanceProvisioned {
  const considered = states.filter(
    ({ resource: { disabled, provision, unprovision, driver } }) =>
      !disabled && provision && unprovision && driver?.provision,
  );
  const has = (wanted: boolean): boolean =>
    considered.some(({ provisioned }) => provisioned.state === wanted);
  if (!has(false)) return true;
  return has(true) ? 'mixed' : false;
}
