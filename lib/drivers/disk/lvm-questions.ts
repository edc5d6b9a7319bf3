import type { ActionContext, ChangeOptions, ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import {
  type LogicalVolume,
  lvsArgv,
  parseLogicalVolumes,
  parseVolumeGroups,
  type VolumeGroup,
  vgsArgv,
} from '../../host/lvm.js';

/** It would warn of each descriptor that a caller of ours left open. */
export const lvmEnvironment = { LVM_SUPPRESS_FD_WARNINGS: '1' };

/** Runs a command of LVM that changes something. @throws CommandError */
export async function changeLvm(
  argv: readonly string[],
  context: ActionContext,
  options: ChangeOptions = {},
): Promise<void> {
  await context.change(argv, { env: lvmEnvironment, ...options });
}

/**
 * Every volume group that LVM sees, listed once per process and after each change.
 * @throws AgentError `E_COMMAND` when LVM cannot tell
 */
export function volumeGroups(context: ReadContext): Promise<readonly VolumeGroup[]> {
  return context.once('vgs', async () => parseVolumeGroups(await ask(vgsArgv, context)));
}

/** Every logical volume, in the same way. */
export function logicalVolumes(context: ReadContext): Promise<readonly LogicalVolume[]> {
  return context.once('lvs', async () => parseLogicalVolumes(await ask(lvsArgv, context)));
}

async function ask(argv: readonly string[], context: ReadContext): Promise<string> {
  const options = { env: lvmEnvironment, maxOutputBytes: 64 << 20 };
  const { exitCode, stdout, stderr } = await context.probe(argv, options);
  if (exitCode === 0) return stdout;
  const why = stderr.trim() || (exitCode === null ? 'it did not answer' : `exit ${exitCode}`);
  throw new AgentError('E_COMMAND', `${argv[0]}: ${why}`, { exit: 'unavailable' });
}
