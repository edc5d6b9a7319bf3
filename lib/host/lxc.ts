import { isMissingCommand, type Run } from '../exec/run.js';

/** Where the configuration of a container may be, in the order in which it is looked for. */
export function lxcConfigFiles(name: string): string[] {
  return [
    `/var/lib/lxc/${name}/config`,
    `/usr/var/lib/lxc/${name}/config`,
    `/usr/local/var/lib/lxc/${name}/config`,
    `/etc/lxc/${name}/config`,
  ];
}

/**
 * Whether a container runs, from lxc-info(1); undefined when that cannot be said: no lxc, or one
 * that does not answer.
 */
export async function isLxcRunning(run: Run, name: string): Promise<boolean | undefined> {
  try {
    const { exitCode, stdout } = await run(['lxc-info', '--name', name], { timeoutMs: 10_000 });
    return exitCode === null ? undefined : parseLxcState(stdout) === 'RUNNING';
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}

/** @param text output of `lxc-info --name <name>` */
export function parseLxcState(text: string): string | undefined {
  return /^State:\s+(\S+)/im.exec(text)?.[1]?.toUpperCase();
}

/** The first process of a container; undefined when it does not run. */
export async function lxcPid(run: Run, name: string): Promise<number | undefined> {
  const { exitCode, stdout } = await run(['lxc-info', '-n', name, '-p', '-H'], {
    timeoutMs: 10_000,
  });
  const pid = Number(stdout.trim());
  return exitCode === 0 && Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
