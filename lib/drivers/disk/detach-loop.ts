import { setTimeout as delay } from 'node:timers/promises';
import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { loopFile, readBlockDevice } from '../../host/block-device.js';
import { mountTable } from '../storage-questions.js';

/** How long somebody may still look at a device that is detached (udev), ms. */
const settleMs = 3_000;

/**
 * Detaches a loop device. One that is in use is left alone: the kernel would call it detached and let
 * it go at its last close, whenever that is.
 *
 * @throws AgentError `E_BUSY`
 */
export async function detachLoop(context: ActionContext, device: string): Promise<void> {
  const user = await userOf(context, device);
  // What stands on it has been stopped before; in a dry run only on paper.
  if (user !== undefined && !context.dryRun) {
    throw new AgentError('E_BUSY', `${device} is in use: ${user}`, { remedy: 'stop that first' });
  }
  const file = loopFile(device);
  await context.change(['losetup', '-d', device]);
  if (context.dryRun) return;
  for (let waited = 0, pause = 10; waited < settleMs; waited += pause, pause *= 2) {
    // The next one who wants a device gets this one: then it has another file.
    if (loopFile(device) !== file) return;
    await delay(pause, undefined, { signal: context.signal });
  }
  throw new AgentError('E_BUSY', `${device} is still attached: somebody has it open`, {
    remedy: `see \`fuser -v ${device}\``,
  });
}

/** Who uses a block device: what is mounted from it or stands on it; undefined: nobody that we can see. */
export async function userOf(context: ActionContext, device: string): Promise<string | undefined> {
  const { number, holders = [] } = readBlockDevice(device) ?? {};
  const mount = (await mountTable(context)).find(
    (candidate) => candidate.deviceNumber === number || candidate.device === device,
  );
  if (mount) return `mounted on ${mount.mountPoint}`;
  return holders.length > 0 ? `held by ${holders.join(', ')}` : undefined;
}
