/** disk.loop: a block device backed by a regular file, attached with losetup(8). */
import { dirname } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { isAtOrBelow } from '../../host/place.js';
import { makeDirectory } from '../make-directory.js';
import { factsOf, lookAt, loopsHolding, silentText } from '../storage-questions.js';
import { detachLoop } from './detach-loop.js';

const keywords = defineKeywords({
  file: { kind: 'path', required: true, scopable: true, text: 'Full path of the backing file.' },
  size: {
    kind: 'size',
    default: '100m',
    scopable: true,
    provisioning: true,
    text: 'Size of the backing file, rounded down to sectors of 512 bytes.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ file }: Keywords): string => `loop ${file}`;

export default defineDriver<Keywords>({
  id: 'disk.loop',
  describe: 'A block device backed by a regular file.',
  keywords,
  label: labelOf,

  async status({ file }, context) {
    const found = await lookAt(context, file);
    if (found.state === 'silent') {
      return { status: 'warn', notes: [{ level: 'warn', text: silentText(file, found.pid) }] };
    }
    const loops = await loopsHolding(context, file);
    if (loops.length > 0 && found.state === 'missing') {
      const text = `${file} was deleted while ${loops[0]?.device} holds it`;
      return { status: 'warn', notes: [{ level: 'warn', text }] };
    }
    if (loops.length > 0) return { status: 'up' };
    return { status: 'down', notes: await whyMissing(file, found.state === 'missing', context) };
  },

  async start(kw, context) {
    const { file } = kw;
    if ((await loopsHolding(context, file)).length > 0) {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    const facts = await factsOf(context, file);
    // A dry run has not mounted what the file lies on, nor made the file.
    if (!facts && !context.dryRun) {
      throw new AgentError('E_NO_FILE', `${file} does not exist`, {
        remedy: `restore it, or make an empty one with \`provision --rid ${context.rid}\``,
      });
    }
    if (facts && facts.kind !== 'file') throw notRegular(file);
    await context.change(['losetup', '-f', file]);
    if (context.dryRun) return;
    const devices = (await loopsHolding(context, file)).map(({ device }) => device);
    if (devices.length === 0) {
      throw new AgentError('E_NO_DEVICE', `losetup attached ${file} to no device`);
    }
    context.undo(async () => {
      for (const device of devices) await detachLoop(context, device);
    });
    context.log.info(`${file} is attached to ${devices.join(', ')}`);
  },

  async stop(kw, context) {
    const loops = await loopsHolding(context, kw.file);
    if (loops.length === 0) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    for (const { device } of loops) await detachLoop(context, device);
  },

  provisioned: async ({ file }, context) => (await factsOf(context, file)) !== undefined,

  async provision({ file, size }, context) {
    await makeDirectory(dirname(file), context);
    // Never over a file that is there: dd makes it, or fails.
    const empty = ['dd', 'if=/dev/null', `of=${file}`, 'bs=512', `seek=${Math.floor(size / 512)}`];
    await context.change([...empty, 'conv=excl', 'status=none'], { umask: 0o077 });
    context.undo(() => remove(file, context));
  },

  async unprovision({ file }, context) {
    const facts = await factsOf(context, file);
    if (facts && facts.kind !== 'file') throw notRegular(file);
    if (facts) await remove(file, context);
  },

  async devices({ file }, context) {
    const loops = await loopsHolding(context, file);
    return { exposed: loops.map(({ device }) => device), base: [] };
  },
});

/** A file on a file system of the service that is down may well be missing. */
async function whyMissing(
  file: string,
  isMissing: boolean,
  { siblings }: ReadContext,
): Promise<Note[]> {
  if (!isMissing) return [];
  const below = siblings
    .filter(({ group, disabled }) => group === 'fs' && !disabled)
    .map((sibling) => ({ sibling, mnt: sibling.values?.['mnt'] }))
    .filter(({ mnt }) => typeof mnt === 'string' && isAtOrBelow(dirname(file), mnt));
  for (const { sibling } of below) {
    if ((await sibling.status()).endsWith('down')) return [];
  }
  return [{ level: 'warn', text: `${file} does not exist` }];
}

async function remove(file: string, context: ActionContext): Promise<void> {
  await context.change(['rm', '-f', file]);
}

function notRegular(file: string): AgentError {
  return new AgentError('E_NO_FILE', `${file} is not a regular file`, {
    remedy: 'correct `file`',
  });
}
