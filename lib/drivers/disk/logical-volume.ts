import { setTimeout as delay } from 'node:timers/promises';
import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { mapperPath } from '../../host/lvm.js';
import type { SizeShare } from '../../units/size.js';
import { factsOf } from '../storage-questions.js';
import { changeLvm } from './lvm-questions.js';

/** How long the device of a new volume may take to appear, ms. */
const appearMs = 3_000;

export interface NewVolume {
  readonly group: string;
  readonly name: string;
  /** Bytes, or a share of what is free. */
  readonly size: number | SizeShare;
  readonly options: readonly string[];
}

/**
 * Makes a logical volume and waits for its device (lvcreate(8)).
 * @throws AgentError `E_NO_DEVICE`
 */
export async function createVolume(
  { group, name, size, options }: NewVolume,
  context: ActionContext,
): Promise<void> {
  const amount = typeof size === 'number' ? ['-L', `${Math.ceil(size / 2 ** 20)}M`] : ['-l', size];
  await changeLvm(['lvcreate', '-n', name, ...amount, ...options, group], context, { input: yes });
  context.undo(() => removeVolume(`/dev/${group}/${name}`, context));
  await context.change(['dmsetup', 'mknodes']);
  if (context.dryRun) return;
  const path = mapperPath(group, name);
  for (let waited = 0; waited < appearMs; waited += 100) {
    if (await factsOf(context, path)) return;
    await delay(100, undefined, { signal: context.signal });
  }
  throw new AgentError('E_NO_DEVICE', `${path} did not appear`, {
    remedy: 'see `dmsetup ls` and the log of udev',
  });
}

/** Removes a logical volume with its data. */
export async function removeVolume(device: string, context: ActionContext): Promise<void> {
  await changeLvm(['lvremove', '-f', device], context);
}

/** It asks before it wipes what an earlier volume left on the same blocks. */
const yes = 'y\n'.repeat(32);
