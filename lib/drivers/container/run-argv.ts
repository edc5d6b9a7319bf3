import type { ReadContext } from '../../driver/contract.js';
import type { Caps } from '../../exec/caps.js';
import { containerName, type EngineKeywords } from './keywords.js';

/**
 * The argv that makes and starts the container of a resource.
 * @param command what command lines to its engine begin with
 */
export function runArgv(
  command: readonly string[],
  name: string,
  kw: EngineKeywords,
  { service, siblings, processGroup }: Pick<ReadContext, 'service' | 'siblings' | 'processGroup'>,
): string[] {
  const { cgroup, caps = [] } = processGroup();
  const nameOf = (rid: string): string => {
    const other = siblings.find((sibling) => sibling.rid === rid)?.values?.['name'];
    return containerName(other as string | undefined, rid, service);
  };
  return [
    ...[...command, 'run', ...(kw.detach ? ['-d'] : []), `--name=${name}`],
    ...(kw.rm ? ['--rm'] : []),
    ...(kw.interactive ? ['-i'] : []),
    ...(kw.tty ? ['-t'] : []),
    ...capArgv(caps.find((group) => group.name === cgroup)?.caps ?? {}),
    ...optionArgv(kw, nameOf),
    kw.image,
    ...(kw.command ?? []),
  ];
}

/** The engine makes the cgroup of a container: it is told the caps of the resource. */
function capArgv(caps: Caps): string[] {
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`--${name}=${value}`];
  return [
    ...option('cpuset-cpus', caps.cpus),
    ...option('cpuset-mems', caps.mems),
    ...option('cpu-shares', caps.cpuShares),
    ...option('cpus', caps.processors),
    ...option('memory', caps.memory),
    ...option('memory-swap', caps.memoryAndSwap),
    ...option('memory-swappiness', caps.swappiness),
    ...(caps.waitsForMemory ? ['--oom-kill-disable'] : []),
    ...option('blkio-weight', caps.ioWeight),
  ];
}

type Options = Pick<
  EngineKeywords,
  | 'privileged'
  | 'hostname'
  | 'user'
  | 'entrypoint'
  | 'netns'
  | 'userns'
  | 'pidns'
  | 'ipcns'
  | 'utsns'
  | 'volume_mounts'
  | 'devices'
  | 'environment'
  | 'run_args'
>;

/**
 * The options that keywords stand for.
 * @param nameOf the container of a resource, by its rid
 */
export function optionArgv(kw: Options, nameOf: (rid: string) => string): string[] {
  const namespace = (option: string, value: string | undefined): string[] => {
    if (value === undefined) return [];
    return [`--${option}=${value.includes('#') ? `container:${nameOf(value)}` : value}`];
  };
  return [
    ...(kw.privileged ? ['--privileged'] : []),
    ...(kw.hostname === undefined ? [] : ['--hostname', kw.hostname]),
    ...(kw.user === undefined ? [] : ['-u', kw.user]),
    ...(kw.entrypoint === undefined ? [] : ['--entrypoint', kw.entrypoint]),
    ...namespace('net', kw.netns),
    ...namespace('userns', kw.userns),
    ...namespace('pid', kw.pidns),
    ...namespace('ipc', kw.ipcns),
    ...namespace('uts', kw.utsns),
    ...(kw.volume_mounts ?? []).flatMap((mount) => ['-v', mount]),
    ...(kw.devices ?? []).flatMap((device) => ['--device', device]),
    ...(kw.environment ?? []).flatMap((assignment) => ['-e', assignment]),
    ...(kw.run_args ?? []),
  ];
}
