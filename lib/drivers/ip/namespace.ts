import type { ActionContext, ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { containerPid } from '../container/pid.js';
import type { NetnsKeywords } from './netns-keywords.js';

/** A network namespace of this host. */
export interface Namespace {
  /** What nsenter(1) opens: `/var/run/netns/web`, `/proc/4711/ns/net`. */
  readonly path: string;
  /** How ip(8) names it when a device is moved there: a pid or a path. */
  readonly word: string;
  /** Short and of this namespace alone: part of the names of the devices that lead there. */
  readonly tag: string;
}

/** The container that holds the namespace; undefined when the namespace has a name of its own. */
export function containerOf({ container_rid, netns }: NetnsKeywords): string | undefined {
  if (container_rid !== undefined) return container_rid;
  return netns?.includes('#') ? netns : undefined;
}

/** The namespace of an address; undefined while there is none. */
export async function findNamespace(
  kw: NetnsKeywords,
  context: ReadContext,
): Promise<Namespace | undefined> {
  const rid = containerOf(kw);
  if (rid !== undefined) {
    const pid = await containerPid(rid, context);
    return pid === undefined
      ? undefined
      : { path: `/proc/${pid}/ns/net`, word: String(pid), tag: String(pid) };
  }
  if (kw.netns === undefined) {
    throw new AgentError('E_NO_NAMESPACE', 'no network namespace is configured', {
      exit: 'config',
      remedy: 'set `container_rid`, or `netns` to its name or path',
    });
  }
  const path = kw.netns.startsWith('/') ? kw.netns : `/var/run/netns/${kw.netns}`;
  const { exitCode, stdout } = await context.probe(['stat', '-L', '-c', '%i', '--', path], {
    timeoutMs: 5000,
  });
  if (exitCode !== 0) return undefined;
  return { path, word: path, tag: String(Number(stdout) - firstInode) };
}

/** The kernel numbers namespaces from here (`PROC_DYNAMIC_FIRST`). */
const firstInode = 0xf000_0000;

/** In a plan: the namespace that an earlier step makes. */
export const plannedNamespace: Namespace = { path: '/proc/PID/ns/net', word: 'PID', tag: 'PID' };

type Commands = Pick<ReadContext, 'probe'> & Partial<Pick<ActionContext, 'change'>>;

/** The same context with its commands inside a namespace; what a planned one would answer is asked outside. */
export function inside<C extends ReadContext & Commands>(context: C, namespace: Namespace): C {
  const enter = (argv: readonly string[]) => ['nsenter', `--net=${namespace.path}`, ...argv];
  const { probe, change } = context;
  const commands: Commands = {
    probe: (argv, options) => probe(namespace === plannedNamespace ? argv : enter(argv), options),
    ...(change && { change: (argv, options) => change(enter(argv), options) }),
  };
  // Its getters have to stay: the signal of an action changes.
  return Object.assign(Object.create(context), commands) as C;
}
