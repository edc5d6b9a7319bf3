import { type HostRoot, readHostFile, readHostValue } from './host-file.js';

/**
 * The kind of container this system runs in (`lxc`, `docker`, `podman`…), undefined on a machine.
 * Hardware is then not ours to describe.
 */
export function detectContainer(root: HostRoot = '/'): string | undefined {
  const environment = readHostFile(root, 'proc/1/environ')?.split('\0') ?? [];
  const told = environment.find((line) => line.startsWith('container='))?.slice(10);
  if (told) return told;
  const systemd = readHostValue(root, 'run/systemd/container');
  if (systemd) return systemd;
  if (readHostFile(root, 'run/.containerenv') !== undefined) return 'podman';
  if (readHostFile(root, '.dockerenv') !== undefined) return 'docker';
  return undefined;
}
