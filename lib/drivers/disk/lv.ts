/** disk.lv: a logical volume of LVM. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver, type ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { type LogicalVolume, mapperPath } from '../../host/lvm.js';
import { removeHolders } from './holders.js';
import { createVolume, removeVolume } from './logical-volume.js';
import { changeLvm, logicalVolumes } from './lvm-questions.js';

const keywords = defineKeywords({
  name: { kind: 'string', required: true, scopable: true, text: 'Name of the logical volume.' },
  vg: { kind: 'string', required: true, scopable: true, text: 'Its volume group.' },
  size: {
    kind: 'size_or_share',
    required: true,
    scopable: true,
    provisioning: true,
    text: 'Size, or a share of the volume group: `50%FREE`.',
  },
  create_options: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'Options of `lvcreate`.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ vg, name }: Keywords): string => `lv ${vg}/${name}`;

export default defineDriver<Keywords>({
  id: 'disk.lv',
  describe: 'A logical volume of LVM.',
  keywords,
  label: labelOf,

  async status(kw, context) {
    return { status: (await find(kw, context))?.isActive ? 'up' : 'down' };
  },

  async start(kw, context) {
    const volume = await find(kw, context);
    if (volume?.isActive) {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    if (!volume && !context.dryRun) {
      throw new AgentError('E_NO_LV', `${labelOf(kw)} does not exist`, {
        remedy: 'make it with `provision`, or correct `name` and `vg`',
      });
    }
    await activate('y', kw, context);
    context.undo(() => activate('n', kw, context));
  },

  async stop(kw, context) {
    if (!(await find(kw, context))?.isActive) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    const { name, vg } = kw;
    await removeHolders([mapperPath(vg, name)], { group: vg, owned: 'refuse' }, context);
    await activate('n', kw, context);
  },

  provisioned: async (kw, context) => (await find(kw, context)) !== undefined,

  async provision({ name, vg, size, create_options = [] }, context) {
    if (size === undefined) {
      throw new AgentError('E_CONFIG', 'size: is required to make a volume', {
        exit: 'config',
        remedy: 'set `size`',
      });
    }
    await createVolume({ group: vg, name, size, options: create_options }, context);
  },

  unprovision: ({ name, vg }, context) => removeVolume(`/dev/${vg}/${name}`, context),

  devices: async ({ name, vg }) => ({ exposed: [`/dev/${vg}/${name}`], base: [] }),
});

async function find(
  { name, vg }: Keywords,
  context: ReadContext,
): Promise<LogicalVolume | undefined> {
  const volumes = await logicalVolumes(context);
  return volumes.find((volume) => volume.group === vg && volume.name === name);
}

async function activate(how: 'y' | 'n', kw: Keywords, context: ActionContext): Promise<void> {
  await changeLvm(['lvchange', '-a', how, `${kw.vg}/${kw.name}`], context);
}
