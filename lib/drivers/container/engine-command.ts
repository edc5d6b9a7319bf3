import type { DockerFacts } from '../../driver/contract.js';
import type { ContainerClient } from '../../host/containers.js';

/** What every command line to the engine of a service begins with. */
export function engineCommand(
  client: ContainerClient,
  { program, daemon }: DockerFacts,
): readonly string[] {
  if (client === 'podman') return ['podman'];
  return daemon ? [program, '-H', addressOf(daemon)] : [program];
}

/** Where a daemon listens, as its client and itself are told. */
export function addressOf({ socket }: { readonly socket: string }): string {
  return `unix://${socket}`;
}
