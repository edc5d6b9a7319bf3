/** disk.disk: a disk of a storage array, known by its identifier. Nothing starts or stops it. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { realDevice } from '../../host/block-device.js';
import { lookAt } from '../storage-questions.js';

const keywords = defineKeywords({
  disk_id: {
    kind: 'string',
    scopable: true,
    text: 'Identifier of the disk (WWN, hexadecimal). Unset until the disk is made.',
  },
  size: { kind: 'size', scopable: true, provisioning: true, text: 'Size of the disk.' },
  array: { kind: 'string', scopable: true, provisioning: true, text: 'The array to make it on.' },
  diskgroup: {
    kind: 'string',
    scopable: true,
    provisioning: true,
    text: 'The disk group of the array.',
  },
  slo: { kind: 'string', scopable: true, provisioning: true, text: 'Service level of the array.' },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'disk.disk',
  describe: 'A disk of a storage array, known by its identifier.',
  keywords,
  label: ({ disk_id }) => (disk_id === undefined ? 'unprovisioned disk' : `disk ${disk_id}`),

  async status(kw, context) {
    const path = pathOf(kw);
    if (path === undefined) return { status: 'n/a' };
    if ((await lookAt(context, path)).state === 'exists') return { status: 'n/a' };
    return { status: 'down', notes: [{ level: 'warn', text: `${path} does not exist` }] };
  },

  provisioned: async ({ disk_id }) => disk_id !== undefined,

  async provision() {
    throw new AgentError('E_NOT_SUPPORTED', 'no array can be asked for a disk from here', {
      remedy: 'make the disk on its array, and set `disk_id`',
    });
  },

  async devices(kw) {
    const path = pathOf(kw);
    return { exposed: path === undefined ? [] : [realDevice(path)], base: [] };
  },
});

/** The link that udev makes. */
function pathOf({ disk_id }: Keywords): string | undefined {
  if (disk_id === undefined) return undefined;
  return `/dev/disk/by-id/wwn-0x${disk_id.toLowerCase().replace(/^0x/, '')}`;
}
