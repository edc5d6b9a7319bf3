import type { ServiceFacts, Sibling } from '../../driver/contract.js';
import type { ContainerClient } from '../../host/containers.js';
import { containerName, type EngineKeywords } from './keywords.js';

/** The argv that makes and starts the container of a resource. */
export function runArgv(
  client: ContainerClient,
  name: string,
  kw: EngineKeywords,
  { service, siblings }: { service: ServiceFacts; siblings: readonly Sibling[] },
): string[] {
  const namespaceOf = (option: string, value: string | undefined): string[] => {
    if (value === undefined) return [];
    if (!value.includes('#')) return [`--${option}=${value}`];
    const other = siblings.find(({ rid }) => rid === value)?.values?.['name'];
    return [`--${option}=container:${containerName(other as string | undefined, value, service)}`];
  };
  return [
    ...[client, 'run', ...(kw.detach ? ['-d'] : []), `--name=${name}`],
    ...(kw.rm ? ['--rm'] : []),
    ...(kw.interactive ? ['-i'] : []),
    ...(kw.tty ? ['-t'] : []),
    ...(kw.privileged ? ['--privileged'] : []),
    ...(kw.hostname === undefined ? [] : ['--hostname', kw.hostname]),
    ...(kw.user === undefined ? [] : ['-u', kw.user]),
    ...(kw.entrypoint === undefined ? [] : ['--entrypoint', kw.entrypoint]),
    ...namespaceOf('net', kw.netns),
    ...namespaceOf('userns', kw.userns),
    ...namespaceOf('pid', kw.pidns),
    ...namespaceOf('ipc', kw.ipcns),
    ...namespaceOf('uts', kw.utsns),
    ...(kw.volume_mounts ?? []).flatMap((mount) => ['-v', mount]),
    ...(kw.devices ?? []).flatMap((device) => ['--device', device]),
    ...(kw.environment ?? []).flatMap((assignment) => ['-e', assignment]),
    ...(kw.run_args ?? []),
    kw.image,
    ...(kw.command ?? []),
  ];
}
