import type { Driver } from '../driver/contract.js';

/** Every driver by id. Naming one loads nothing. */
export const drivers: Readonly<Record<string, () => Promise<{ default: Driver<never> }>>> = {
  'app.forking': () => import('./app/forking.js'),
  'app.ocf': () => import('./app/ocf.js'),
  'app.simple': () => import('./app/simple.js'),
  'container.docker': () => import('./container/docker.js'),
  'container.kvm': () => import('./container/kvm.js'),
  'container.lxc': () => import('./container/lxc.js'),
  'container.podman': () => import('./container/podman.js'),
  'fs.directory': () => import('./fs/directory.js'),
  'fs.flag': () => import('./fs/flag.js'),
  'ip.host': () => import('./ip/host.js'),
  'ip.netns': () => import('./ip/netns.js'),
  'task.docker': () => import('./task/docker.js'),
  'task.host': () => import('./task/host.js'),
  'task.podman': () => import('./task/podman.js'),
};
