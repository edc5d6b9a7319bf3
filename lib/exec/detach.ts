import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs';
import { bootId } from '../env/host.js';
import { readProcessStat } from '../env/process-identity.js';
import { type CgroupPlace, findCgroup, openRunGroup, sweepGroups } from './cgroup.js';
import type { Environment } from './environment.js';
import { startError } from './start-error.js';
import type { ProcessTree } from './tree.js';

export interface DetachOptions {
  /** The complete environment. */
  env: Environment;
  cwd?: string;
  /**
   * Gives the process its own cgroup of this name, so that systemd does not end it together with the
   * unit that started it. Default: it stays in ours.
   */
  cgroup?: string;
  cgroups?: CgroupPlace | null;
}

/**
 * Starts one program in the background: own session, stdio on /dev/null, not waited for. We can exit
 * at once. Resolves when the program has been started and is in its cgroup, with what is needed to
 * recognise it later. The kernel takes 7 to 20 ms for the first move between cgroups: the program
 * is started before all of that.
 *
 * @throws E_START when it cannot be started
 */
export async function startDetached(
  argv: readonly string[],
  options: DetachOptions,
): Promise<ProcessTree> {
  const [program = '', ...words] = argv;
  let pid: number;
  try {
    const child = spawn(program, words, {
      cwd: options.cwd ?? '/',
      env: options.env,
      detached: true,
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    child.unref();
    pid = child.pid ?? 0;
  } catch (cause) {
    throw startError(`${program} in the background`, cause);
  }
  const place =
    options.cgroup === undefined || options.cgroups === null
      ? undefined
      : (options.cgroups ?? findCgroup());
  const name = options.cgroup ?? '';
  if (place) sweepGroups(place, name); // who started a program in the background removes no group
  const group = place && openRunGroup(place, name, () => undefined);
  // What refuses it leaves the program where we are; one that has already ended needs no cgroup.
  const join = (file: string) =>
    new Promise<void>((resolve) => writeFile(file, String(pid), () => resolve()));
  await Promise.all(group?.joinFiles.map(join) ?? []);
  return {
    pid,
    startTime: readProcessStat(pid)?.startTime ?? 0,
    bootId: bootId(),
    pgid: pid,
    cgroup: group?.path ?? null,
  };
}
