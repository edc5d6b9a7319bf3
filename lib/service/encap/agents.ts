import { basename } from 'node:path';
import type { Inside } from '../../driver/contract.js';
import { showCommand } from '../../exec/run.js';
import type { Surroundings } from '../context.js';
import type { Resource } from '../resource.js';
import type { Service } from '../service.js';

/** A container of a service with an agent inside. */
export interface InnerAgent {
  /** The container. */
  readonly resource: Resource;
  /** As in `encapnodes`. */
  readonly hostname: string;
  /** What `--slave` may call it. */
  readonly names: readonly string[];
  readonly startTimeoutMs: number;
  /** The command line here that runs a command there. */
  argv(words: readonly string[]): string[];
  /** The same for svcmgr and this service. */
  svcmgr(words: readonly string[]): string[];
}

/** The containers that run an agent: those that `encapnodes` names by host name or name. */
export function innerAgents(
  service: Service,
  { peers }: Pick<Surroundings, 'peers'>,
): InnerAgent[] {
  const { encapnodes } = service.source.evaluator.sets;
  return service.resources.flatMap((resource) => {
    const { driver, values, rid, disabled, inside: isInside } = resource;
    if (!driver?.inside || !values || disabled || isInside) return [];
    const inside = driver.inside(values as never, { rid, service });
    const hostname = inside?.names.map((name) => name.toLowerCase()).find(isIn(encapnodes));
    if (!inside || hostname === undefined) return [];
    const argv = (words: readonly string[]): string[] =>
      inside.command ? joined(inside.command, words) : peers.argv(inside.names[0] ?? '', words);
    return [
      {
        resource,
        hostname,
        names: [rid, hostname, ...inside.names],
        startTimeoutMs: inside.startTimeoutMs,
        argv,
        svcmgr: (words) => argv([inside.svcmgr, '-s', service.scope, ...words]),
      },
    ];
  });
}

/** Whether the boot of a container starts what is inside: then nobody else does. */
export function startsItself({ header }: Service, { hostname }: InnerAgent): boolean {
  const words = header.autostart_node ?? [];
  return words.includes('encapnodes') || words.includes(hostname);
}

/** These give the other side one text for its shell. */
const shellPrograms: readonly string[] = ['ssh', 'rsh'];

function joined(command: Inside['command'] & {}, words: readonly string[]): string[] {
  const isForShell = shellPrograms.includes(basename(command[0] ?? ''));
  return [...command, ...(isForShell ? [showCommand(words)] : words)];
}

const isIn =
  (names: readonly string[]) =>
  (name: string): boolean =>
    names.includes(name);
