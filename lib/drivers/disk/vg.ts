/** disk.vg: a volume group of LVM, tagged with the node that has it. */
import { setTimeout as delay } from 'node:timers/promises';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver, type ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { isMissingCommand } from '../../exec/run.js';
import { expandPath } from '../../host/expand-paths.js';
import { mapperPath, parseVolumeGroups, type VolumeGroup, vgsArgv } from '../../host/lvm.js';
import { refuseContent } from '../device-content.js';
import { factsOf, loopsHolding } from '../storage-questions.js';
import { removeHolders } from './holders.js';
import { changeLvm, logicalVolumes, lvmEnvironment, volumeGroups } from './lvm-questions.js';

const keywords = defineKeywords({
  name: {
    kind: 'string',
    required: true,
    scopable: true,
    aliases: ['vgname'],
    text: 'Name of the volume group.',
  },
  pvs: {
    kind: 'list',
    required: true,
    scopable: true,
    provisioning: true,
    text: 'Physical volumes: devices, patterns of devices, or files that loop devices hold.',
  },
  options: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'Options of `vgcreate`.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ name }: Keywords): string => `vg ${name}`;

/** How long a volume group may take to appear before LVM is told to look, ms. */
const appearMs = 5_000;
const deactivateTries = 3;

export default defineDriver<Keywords>({
  id: 'disk.vg',
  describe: 'A volume group of LVM.',
  keywords,
  label: labelOf,

  async status({ name }, context) {
    return { status: (await isUp(name, context)) ? 'up' : 'down' };
  },

  async start(kw, context) {
    const { name } = kw;
    const { nodename } = context;
    const { tags } = await waitFor(name, context);
    const foreign = tags.filter((tag) => tag !== nodename);
    for (const tag of foreign) {
      await changeTag('--deltag', tag, name, context);
      context.undo(() => changeTag('--addtag', tag, name, context));
    }
    if (!tags.includes(nodename)) {
      await changeTag('--addtag', nodename, name, context);
      context.undo(() => changeTag('--deltag', nodename, name, context));
    }
    if (await isUp(name, context)) {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    await changeLvm(['vgchange', '-a', 'y', name], context);
    context.undo(() => changeLvm(['vgchange', '-a', 'n', name], context));
  },

  async stop(kw, context) {
    const { name } = kw;
    const group = await find(name, context);
    const isTagged = group?.tags.includes(context.nodename) ?? false;
    if (!isTagged && !(await hasActive(name, context))) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    const volumes = (await logicalVolumes(context)).filter(
      (volume) => volume.group === name && volume.isActive,
    );
    await removeHolders(
      volumes.map((volume) => mapperPath(name, volume.name)),
      { group: name, owned: 'refuse' },
      context,
    );
    if (isTagged) await changeTag('--deltag', context.nodename, name, context);
    await settle(context);
    for (let attempt = 1; ; attempt++) {
      const last = attempt === deactivateTries;
      await changeLvm(
        ['vgchange', '-a', 'n', name],
        context,
        last ? {} : { acceptExitCodes: [0, 5] },
      );
      if (context.dryRun || !(await hasActive(name, context))) return;
      if (last) break;
      await delay(1000, undefined, { signal: context.signal });
    }
    throw new AgentError('E_BUSY', `vg ${name} still has active volumes`, {
      remedy: `see \`lvs ${name}\` and \`dmsetup ls --tree\` for what uses them`,
    });
  },

  provisioned: async ({ name }, context) => (await find(name, context)) !== undefined,

  async provision({ name, pvs = [], options = [] }, context) {
    const devices: string[] = [];
    for (const path of pvs.flatMap(expandPath)) devices.push(await deviceOf(path, context));
    if (devices.length === 0) {
      throw new AgentError('E_NO_DEVICE', `pvs: ${pvs.join(' ')} names no device`, {
        remedy: 'correct `pvs`',
      });
    }
    for (const device of devices) {
      if (!context.dryRun) await refuseContent(device, context, ['LVM2_member']);
      await changeLvm(['pvcreate', '-f', device], context);
      context.undo(() => changeLvm(['pvremove', device], context));
    }
    await changeLvm(['vgcreate', ...options, name, ...devices], context);
    context.undo(() => changeLvm(['vgremove', '-ff', name], context));
  },

  async unprovision({ name }, context) {
    await changeLvm(['vgremove', '-ff', name], context);
  },

  async devices({ name }, context) {
    const volumes = (await logicalVolumes(context)).filter(({ group }) => group === name);
    return { exposed: volumes.map((volume) => `/dev/${name}/${volume.name}`), base: [] };
  },
});

async function find(name: string, context: ReadContext): Promise<VolumeGroup | undefined> {
  return (await volumeGroups(context)).find((group) => group.name === name);
}

async function hasActive(name: string, context: ReadContext): Promise<boolean> {
  return (await logicalVolumes(context)).some(({ group, isActive }) => group === name && isActive);
}

/** One without volumes cannot be active: that it is known has to do. */
async function isUp(name: string, context: ReadContext): Promise<boolean> {
  if (!(await find(name, context))) return false;
  const volumes = (await logicalVolumes(context)).filter(({ group }) => group === name);
  return volumes.length === 0 || volumes.some(({ isActive }) => isActive);
}

/** @throws AgentError `E_NO_VG` */
async function waitFor(name: string, context: ActionContext): Promise<VolumeGroup> {
  const known = await find(name, context);
  if (known) return known;
  // In a dry run nobody attached what it lies on.
  if (context.dryRun) return { name, tags: [] };
  for (let waited = 0; waited < appearMs; waited += 500) {
    await delay(500, undefined, { signal: context.signal });
    const { exitCode, stdout } = await context.probe(vgsArgv, { env: lvmEnvironment });
    const seen = exitCode === 0 ? parseVolumeGroups(stdout) : [];
    const group = seen.find((candidate) => candidate.name === name);
    if (group) return group;
  }
  await changeLvm(['pvscan'], context);
  const group = await find(name, context);
  if (group) return group;
  throw new AgentError('E_NO_VG', `vg ${name} does not exist`, {
    remedy: 'see `pvs` for missing disks, or make it with `provision`',
  });
}

async function changeTag(
  how: '--addtag' | '--deltag',
  tag: string,
  name: string,
  context: ActionContext,
): Promise<void> {
  await changeLvm(['vgchange', how, `@${tag}`, name], context);
}

/** Where there is no udev nothing has to settle. */
async function settle(context: ActionContext): Promise<void> {
  try {
    const options = { acceptExitCodes: [0, 1, 2], quietErrors: true };
    await context.change(['udevadm', 'settle'], options);
  } catch (error) {
    if (!isMissingCommand(error)) throw error;
  }
}

async function deviceOf(path: string, context: ActionContext): Promise<string> {
  const facts = await factsOf(context, path);
  if (facts?.kind === 'block' || (context.dryRun && facts?.kind !== 'file')) return path;
  const [loop] = facts?.kind === 'file' ? await loopsHolding(context, path) : [];
  if (loop) return loop.device;
  if (context.dryRun) return path;
  throw new AgentError('E_NO_DEVICE', `${path} is no block device, and no loop device holds it`, {
    remedy: 'start the disk.loop that attaches it, or correct `pvs`',
  });
}
