import { rootNamespace } from '../config/object-path.js';
import type { ServiceFacts } from '../driver/contract.js';
import type { Run } from '../exec/run.js';
import { resolveAddress } from '../host/resolve.js';
import { familyOf } from '../units/netmask.js';
import type { Service } from './service.js';

/** What names an object to programs of the operator (spec service 9.3). */
export function objectEnvironment({
  path,
  scope,
  id,
}: Pick<ServiceFacts, 'path' | 'scope' | 'id'>): Record<string, string> {
  return {
    OPENSVC_SVCNAME: path.name,
    OPENSVC_NAME: path.name,
    OPENSVC_SVCPATH: scope,
    OPENSVC_KIND: path.kind,
    ...(path.namespace !== rootNamespace && { OPENSVC_NAMESPACE: path.namespace }),
    ...(id !== undefined && { OPENSVC_ID: id, OPENSVC_SVC_ID: id }),
  };
}

export interface ActionVariables {
  readonly leader?: boolean;
  /** `--env`. */
  readonly extra?: Readonly<Record<string, string>>;
  /** What the names of ip resources resolve to, by rid. */
  readonly addresses?: ReadonlyMap<string, string>;
}

/**
 * The variables of an action: the object, the action, the addresses of its ip resources, and what
 * `--env` adds. What is not known of an address is `unknown`.
 */
export function actionEnvironment(
  service: Pick<Service, 'path' | 'scope' | 'id' | 'resources'>,
  action: string,
  { leader = false, extra = {}, addresses = new Map() }: ActionVariables = {},
): Record<string, string> {
  const environment: Record<string, string> = {
    ...objectEnvironment(service),
    OPENSVC_ACTION: action,
    OPENSVC_LEADER: leader ? '1' : '0',
  };
  for (const { group, rid, values } of service.resources) {
    if (group !== 'ip') continue;
    const part = (key: string): string => String(values?.[key] ?? 'unknown');
    const [name, device, mask] = [part('ipname'), part('ipdev'), part('netmask')];
    const address = addresses.get(rid) ?? (familyOf(name) ? name : 'unknown');
    environment[`OPENSVC_IP${rid.slice(rid.indexOf('#') + 1)}`] =
      `${name} ${device} ${address} ${mask}`;
    environment['OPENSVC_IPNAME'] = name;
    environment['OPENSVC_IPDEV'] = device;
    environment['OPENSVC_IPADDR'] = address;
    environment['OPENSVC_MASK'] = mask;
    environment['OPENSVC_NETMASK'] = mask;
  }
  for (const [name, value] of Object.entries(extra)) environment[name.toUpperCase()] = value;
  return environment;
}

/** Resolves the names of the ip resources of a service, by rid; literal addresses cost nothing. */
export async function resolveNames(
  { resources }: Pick<Service, 'resources'>,
  run: Run,
): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    resources.map(async ({ group, rid, disabled, values }): Promise<[string, string][]> => {
      const name = values?.['ipname'];
      if (group !== 'ip' || disabled || typeof name !== 'string') return [];
      const address = await resolveAddress(run, name);
      return address === undefined ? [] : [[rid, address]];
    }),
  );
  return new Map(found.flat());
}
