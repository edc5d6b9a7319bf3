import { isMissingCommand, type Run } from '../exec/run.js';

/**
 * Whether a virtual machine runs, from virsh(1); undefined when that cannot be said: no virsh, or a
 * host that does not answer.
 *
 * @param at the command line that asks another host; default: this one
 */
export async function isDomainRunning(
  run: Run,
  name: string,
  at = (argv: readonly string[]): readonly string[] => argv,
): Promise<boolean | undefined> {
  try {
    const { exitCode, stdout } = await run(at(['virsh', 'dominfo', name]), { timeoutMs: 20_000 });
    // ssh itself ends with 255.
    if (exitCode === null || exitCode > 1) return undefined;
    return parseDomainState(stdout) === 'running';
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}

/** @param text output of `virsh dominfo <name>` */
export function parseDomainState(text: string): string | undefined {
  return /^State:\s+(.+?)\s*$/m.exec(text)?.[1];
}

/** Whether this host runs machines of its own architecture with the help of its processors. */
export async function canRunMachines(run: Run): Promise<boolean | undefined> {
  try {
    const { exitCode, stdout } = await run(['virsh', 'capabilities'], { timeoutMs: 20_000 });
    return exitCode === 0 ? stdout.includes('hvm') : undefined;
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}
