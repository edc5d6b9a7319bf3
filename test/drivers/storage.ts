/** What the tests of storage drivers share: the host as its own tools show it, without our readers. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Rig } from './rig.js';

/** Runs a shell line as root. @throws when it fails */
export function sh(script: string): string {
  return execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', stdio: 'pipe', env }).trim();
}

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' };

/** Attaches a file. @returns the device */
export function attach(file: string): string {
  return sh(`losetup --show -f '${file}'`);
}

/** Devices that hold files of the test, the deleted ones too. */
export function loopsOf({ place }: Pick<Rig, 'place'>): string[] {
  return readdirSync('/sys/block')
    .filter((name) => /^loop\d+$/.test(name) && backingFile(name).startsWith(`${place}/`))
    .map((name) => `/dev/${name}`)
    .sort();
}

function backingFile(name: string): string {
  try {
    return readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Mount points of the test with what is mounted there, in the order of the table. */
export function mountsOf({ place }: Pick<Rig, 'place'>): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point = '']) => point.startsWith(`${place}/`))
    .map(([device, point, type]) => `${type} ${device} on ${point}`);
}

/** Takes away every mount and loop device of the test: files on what is mounted first. */
export function detachAll(rig: Pick<Rig, 'place'>): void {
  const detach = (): void => {
    for (const device of loopsOf(rig)) {
      spawnSync('losetup', ['-d', device], { env, stdio: 'ignore' });
    }
  };
  for (const point of mountPointsOf(rig)) {
    // What is frozen stays so without a mount: nobody could thaw it then.
    spawnSync('fsfreeze', ['-u', point], { env, stdio: 'ignore' });
  }
  detach();
  for (const point of mountPointsOf(rig).reverse()) {
    spawnSync('umount', ['-l', point], { env, stdio: 'ignore' });
  }
  detach();
}

function mountPointsOf(rig: Pick<Rig, 'place'>): string[] {
  return mountsOf(rig).map((mount) => mount.slice(mount.indexOf(' on ') + 4));
}
