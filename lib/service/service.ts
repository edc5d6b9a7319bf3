import type { Values } from '../config/keyword.js';
import {
  formatObjectPath,
  objectScriptDirectory,
  objectVarDirectory,
} from '../config/object-path.js';
import { secretTexts } from '../config/secrets.js';
import { readSection } from '../config/values.js';
import type { ServiceFacts } from '../driver/contract.js';
import { dockerFacts } from './docker-facts.js';
import { serviceKeywords } from './keywords.js';
import { isOurs, membershipOf } from './membership.js';
import { reservationOf } from './reservation.js';
import { buildResource, type Resource } from './resource.js';
import { implicitSync, parseSectionName } from './sections.js';
import { readServiceFile, type ServiceFile, type ServiceFileContext } from './service-file.js';

/** A service of this node with everything its file configures. */
export interface Service extends ServiceFacts {
  readonly source: ServiceFile;
  readonly header: Partial<Values<typeof serviceKeywords>>;
  /** This node is a container of the service: all resources are of it. */
  readonly isEncapNode: boolean;
  /** In the order of the file; those of containers included. */
  readonly resources: readonly Resource[];
  /** What must never appear in a log. */
  readonly secrets: readonly string[];
}

/**
 * Builds a service from its file. One bad section costs only its own resource.
 * @throws AgentError when the file is missing, is no service file or cannot be read
 */
export async function openService(
  file: string,
  context: ServiceFileContext,
  options: { provisioning?: boolean } = {},
): Promise<Service> {
  const source = readServiceFile(file, context);
  const { evaluator, ini, path } = source;
  const header: Partial<Values<typeof serviceKeywords>> = readSection(
    evaluator,
    'DEFAULT',
    serviceKeywords,
  ).partial;
  const { nodes, drpnodes, isEncapNode } = membershipOf(evaluator);
  const directory = objectVarDirectory(context.paths, path);
  const facts: ServiceFacts = {
    path,
    scope: formatObjectPath(path),
    id: header.id,
    nodes,
    drpnodes,
    topology: header.topology ?? 'failover',
    env: header.env,
    file,
    directory,
    snapTriggers: { before: header.presnap_trigger, after: header.postsnap_trigger },
    scripts: objectScriptDirectory(context.paths, path),
    docker: dockerFacts(header, directory),
  };
  const disabledByService = header.disable === true;
  const resources: Resource[] = [];
  const hasPeers = new Set([...facts.nodes, ...facts.drpnodes]).size > 1;
  const names = ini.sections.map(({ name }) => name);
  if (hasPeers && !names.includes(implicitSync)) names.push(implicitSync);
  for (const name of names) {
    const { group } = parseSectionName(name) ?? {};
    if (group === undefined) continue;
    // No cluster manager reaches the nodes for disaster recovery.
    if (group === 'hb' && facts.drpnodes.includes(context.nodename)) continue;
    const built = await buildResource(evaluator, name, facts, {
      ...{ disabledByService, isEncapNode },
      ...options,
    });
    if (isEncapNode && !isOurs(built.encap, { isEncapNode })) continue;
    const reservation = await reservationOf(evaluator, built);
    resources.push(built, ...(reservation ? [reservation] : []));
  }
  const drivers = new Map(resources.map(({ rid, driver }) => [rid, driver]));
  // No keyword that resources and services share is a secret.
  const secrets = secretTexts(evaluator, (section) => drivers.get(section)?.keywords);
  return { ...facts, source, header, isEncapNode, resources, secrets };
}
