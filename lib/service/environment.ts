import { rootNamespace } from '../config/object-path.js';
import type { ServiceFacts } from '../driver/contract.js';
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

/**
 * The variables of an action: the object, the action, the addresses of its ip resources, and what
 * `--env` adds.
 */
export function actionEnvironment(
  service: Service,
  action: string,
  {
    leader = false,
    extra = {},
  }: { leader?: boolean; extra?: Readonly<Record<string, string>> } = {},
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
    environment[`OPENSVC_IP${rid.slice(rid.indexOf('#') + 1)}`] =
      `${name} ${device} ${name} ${mask}`;
    environment['OPENSVC_IPNAME'] = name;
    environment['OPENSVC_IPDEV'] = device;
    environment['OPENSVC_IPADDR'] = name;
    environment['OPENSVC_MASK'] = mask;
    environment['OPENSVC_NETMASK'] = mask;
  }
  for (const [name, value] of Object.entries(extra)) environment[name.toUpperCase()] = value;
  return environment;
}
