import { setTimeout as delay } from 'node:timers/promises';
import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { CommandError } from '../../exec/run.js';
import type { Mount } from '../../host/mounts.js';
import { isAtOrBelow, isBelow } from '../../host/place.js';
import { detachLoop, userOf } from '../disk/detach-loop.js';
import { removeHolders } from '../disk/holders.js';
import { loopDevices, mountTable } from '../storage-questions.js';
import { protectedDirectories } from './mount-point.js';

const mostRounds = 3;
const mostKills = 4;
/** A killed process needs a moment to let go of its files, ms. */
const letGoMs = 200;

export interface Unmount {
  /** Where our file system is mounted now; asked again after each change. */
  find(): Promise<Mount | undefined>;
  isBind: boolean;
}

/**
 * Unmounts a file system and what is mounted below it. What keeps it busy is ended: loop devices that
 * nobody uses, then its users, and those only while the path is this very mount.
 *
 * @throws AgentError `E_BUSY`
 */
export async function unmount({ find, isBind }: Unmount, context: ActionContext): Promise<void> {
  let ours = await find();
  for (let round = 0; ours && round < mostRounds; round++) {
    const { mountPoint } = ours;
    const below = (await mountTable(context)).filter((m) => isBelow(m.mountPoint, mountPoint));
    for (const deeper of below.reverse()) await tryUnmount(deeper.mountPoint, context);
    if (await tryUnmount(mountPoint, context)) {
      // What was mounted twice is still there.
      ours = context.dryRun ? undefined : await find();
      continue;
    }
    await detachLoopsBelow(mountPoint, context);
    if (!(await isProtected(ours, isBind, context))) await endUsers(find, isBind, context);
    ours = await find();
  }
  if (!ours) return;
  throw new AgentError('E_BUSY', `${ours.mountPoint} is still mounted`, {
    remedy: `see \`fuser -vm ${ours.mountPoint}\` and \`losetup -l\` for what uses it`,
  });
}

/** Every code is an answer: the mount table says what became of it. */
const anyCode = [0, 1, 2, 4, 8, 16, 32, 64];

async function tryUnmount(mountPoint: string, context: ActionContext): Promise<boolean> {
  const { exitCode } = await context.change(['umount', mountPoint], { acceptExitCodes: anyCode });
  return exitCode === 0;
}

async function endUsers(
  find: Unmount['find'],
  isBind: boolean,
  context: ActionContext,
): Promise<void> {
  for (let kill = 0; kill < mostKills; kill++) {
    const ours = await find();
    if (!ours) return;
    if (kill === 0) await sync(ours.mountPoint, context);
    // With -m everybody on the file system is meant, wherever else it is mounted.
    const elsewhere = (await mountTable(context)).filter(
      ({ deviceNumber }) => deviceNumber === ours.deviceNumber,
    );
    const flags = isBind || elsewhere.length > 1 ? '-kv' : '-kmv';
    await context.change(['fuser', flags, ours.mountPoint], {
      acceptExitCodes: [0, 1],
      quietErrors: true,
    });
    await delay(letGoMs, undefined, { signal: context.signal });
    if (await tryUnmount(ours.mountPoint, context)) return;
  }
}

/** Only this file system: another one may be dead, and hang a sync(1) of all. */
async function sync(mountPoint: string, context: ActionContext): Promise<void> {
  try {
    await context.change(['sync', '-f', mountPoint], { timeoutMs: 60_000, graceMs: 0 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    context.log.warn(error.message);
  }
}

/** Loop devices hold files open without any process that could be ended. */
async function detachLoopsBelow(mountPoint: string, context: ActionContext): Promise<void> {
  const owned = context.siblings.flatMap(({ values }) => [values?.['file'], values?.['dev']]);
  for (const { device, file } of await loopDevices(context)) {
    if (!isAtOrBelow(file, mountPoint) || owned.includes(file)) continue;
    await removeHolders([device], { owned: 'leave' }, context);
    if ((await userOf(context, device)) === undefined) await detachLoop(context, device);
  }
}

/** Whether its users are, or may be, the system itself; a bind may show a part of what all use. */
async function isProtected(
  { mountPoint, deviceNumber }: Mount,
  isBind: boolean,
  context: ActionContext,
): Promise<boolean> {
  if (protectedDirectories.includes(mountPoint)) return true;
  return (
    isBind &&
    (await mountTable(context)).some(
      (mount) =>
        mount.deviceNumber === deviceNumber && protectedDirectories.includes(mount.mountPoint),
    )
  );
}
