/** A podman of the test's own: its storage, its runtime, and an image of busybox alone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const image = 'localhost/tiny:1';

/** Limits that a nested runtime may set, and no network but what a test gives it. */
export const limits = '--ulimit nofile=1024:1024 --ulimit nproc=1000:1000';

export interface Podman {
  /** Gives podman commands the options of this podman. */
  wrap(argv: readonly string[]): string[];
  /** Runs podman. @returns what it prints, empty when it fails */
  run(...words: string[]): string;
  /** Makes another image from the same files, with another id. */
  importImage(name: string): void;
  remove(): void;
}

export function createPodman(): Podman {
  const place = mkdtempSync(join(tmpdir(), 'nodemgr-podman-'));
  const options = [
    ...['--root', join(place, 'root'), '--runroot', join(place, 'run')],
    ...['--storage-driver', 'vfs', '--runtime', 'runc', '--cgroup-manager', 'cgroupfs'],
    ...['--events-backend', 'file', '--tmpdir', join(place, 'tmp')],
  ];
  const run = (...words: string[]): string =>
    spawnSync('podman', [...options, ...words], { encoding: 'utf8' }).stdout;
  const importImage = (name: string): void => {
    const tar = join(place, 'image.tar');
    const script =
      'set -e; mkdir -p "$1/files/bin"; cp /bin/busybox "$1/files/bin"; tar -C "$1/files" -cf "$2" .';
    execFileSync('sh', ['-c', script, 'sh', place, tar]);
    execFileSync('podman', [...options, 'import', tar, name], { stdio: 'pipe' });
  };
  const remove = (): void => {
    // A container whose network others use goes only after them.
    do run('rm', '-f', '-t', '0', '--all');
    while (run('ps', '-aq').trim() !== '');
    spawnSync('sh', [
      '-c',
      `grep -o '${place}[^ ]*' /proc/self/mounts | sort -r | xargs -r umount`,
    ]);
    rmSync(place, { recursive: true, force: true });
  };
  onTestFinished(remove);
  const bin = join(place, 'files/bin');
  execFileSync('mkdir', ['-p', bin]);
  for (const name of ['sh', 'sleep', 'cat', 'ip', 'env', 'id', 'hostname']) {
    symlinkSync('busybox', join(bin, name));
  }
  importImage(image);
  return {
    run,
    importImage,
    remove,
    wrap: (argv) => (argv[0] === 'podman' ? ['podman', ...options, ...argv.slice(1)] : [...argv]),
  };
}
