/** disk.md: a software raid array, known by its uuid (mdadm(8)). */
import { readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type LabelFacts,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError, errnoOf } from '../../errors/agent-error.js';
import { type MdArray, type MdDetail, parseMdDetail, parseMdScan } from '../../host/mdadm.js';
import { refuseContent } from '../device-content.js';
import { factsOf } from '../storage-questions.js';
import { memberListFile, readMembers, writeMembers } from './member-list.js';

const keywords = defineKeywords({
  uuid: { kind: 'lower', scopable: true, text: 'Uuid of the array; `provision` writes it.' },
  devs: { kind: 'list', scopable: true, provisioning: true, text: 'Devices of the array.' },
  level: { kind: 'string', scopable: true, provisioning: true, text: 'Raid level: `raid1`.' },
  layout: { kind: 'string', scopable: true, provisioning: true, text: 'Layout of the data.' },
  chunk: { kind: 'size', scopable: true, provisioning: true, text: 'Chunk size.' },
  spares: {
    kind: 'integer',
    default: '0',
    scopable: true,
    provisioning: true,
    text: 'How many of `devs` are spares.',
  },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ uuid }: Pick<Keywords, 'uuid'>): string => `md ${uuid || 'without uuid'}`;

/** How long the device of an assembled array may take to appear, ms. */
const appearMs = 10_000;

export default defineDriver<Keywords>({
  id: 'disk.md',
  describe: 'A software raid array.',
  keywords,
  label: labelOf,

  async status(kw, context) {
    const device = await deviceOf(kw, context);
    const warn = (text: string): Note => ({ level: 'warn', text });
    if (device === undefined)
      return { status: 'down', notes: (await missing(kw, context)).map(warn) };
    const { states } = await detailOf(device, context);
    const [first] = states;
    const troubles = states.filter((state) => state === 'degraded' && state !== first);
    if (first !== 'clean' && first !== 'active') troubles.unshift(first ?? 'of unknown state');
    return { status: 'up', notes: troubles.map((state) => warn(`${device} is ${state}`)) };
  },

  async start(kw, context) {
    if ((await deviceOf(kw, context)) !== undefined) {
      context.log.info(`${labelOf(kw)} is already up`);
      return;
    }
    const { uuid } = kw;
    if (!uuid) {
      if (context.dryRun) return; // provision has made it
      throw new AgentError('E_CONFIG', 'uuid: is required to start an array', {
        exit: 'config',
        remedy: 'set `uuid`, or make the array with `provision`',
      });
    }
    const assemble = ['mdadm', '--assemble', `/dev/md/${uuid}`, '-u', uuid];
    // 2: everything that is there is assembled already.
    await context.change(assemble, { acceptExitCodes: [0, 2] });
    if (context.dryRun) return;
    const device = await waitFor(kw, context);
    context.undo(() => stopArray(device, context));
    await linkDevice(device, context);
  },

  async stop(kw, context) {
    const device = await deviceOf(kw, context);
    if (device === undefined) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    await stopArray(device, context);
  },

  async presync(kw, context) {
    const device = await deviceOf(kw, context);
    if (device !== undefined)
      await writeMembers((await detailOf(device, context)).members, context);
  },

  replicates: (_, facts) => [memberListFile(facts)],

  async provisioned({ uuid }, context) {
    if (!uuid) return false;
    const known = [...(await scan('--detail', context)), ...(await scan('--examine', context))];
    return known.some((array) => array.uuid === uuid);
  },

  async provision(kw, context) {
    const { devs = [], level, spares, layout, chunk } = kw;
    if (devs.length <= spares || level === undefined) {
      throw new AgentError('E_CONFIG', 'devs, level: are required to make an array', {
        exit: 'config',
        remedy: 'set `level`, and more `devs` than `spares`',
      });
    }
    const device = createdAs(context);
    if (!context.dryRun) for (const member of devs) await refuseContent(member, context);
    const options = [
      ...['-n', String(devs.length - spares), '-l', level],
      ...(spares > 0 ? ['-x', String(spares)] : []),
      ...(chunk === undefined ? [] : ['-c', String(Math.floor(chunk / 1024))]),
      ...(layout === undefined ? [] : ['-p', layout]),
    ];
    await context.change(['mdadm', '--create', device, ...options, ...devs], { input: yes });
    context.undo(() => destroy(device, devs, context));
    const uuid = context.dryRun ? undefined : (await detailOf(device, context)).uuid;
    await context.act('set uuid', () => context.setKeywords({ uuid: uuid ?? '' }));
  },

  async unprovision({ devs = [] }, context) {
    await destroy(undefined, devs, context);
    // The next array will have another one.
    await context.act('unset uuid', () => context.setKeywords({ uuid: '' }));
  },

  async devices(kw, context) {
    const device = await deviceOf(kw, context);
    return { exposed: device === undefined ? [] : [device], base: kw.devs ?? [] };
  },
});

/** It asks before it takes members that look used: those were looked at before. */
const yes = 'y\n'.repeat(32);

function createdAs({ service, rid }: LabelFacts): string {
  const [short = ''] = service.path.name.split('.');
  return `/dev/md/${short}.${rid.replace('#', '.')}`;
}

async function deviceOf({ uuid }: Keywords, context: ReadContext): Promise<string | undefined> {
  if (!uuid) {
    // Made by this very action: the file knows its uuid, we do not.
    const device = createdAs(context);
    return (await factsOf(context, device)) ? device : undefined;
  }
  const link = `/dev/disk/by-id/md-uuid-${uuid}`;
  if (await factsOf(context, link)) return link;
  return (await scan('--detail', context)).find((array) => array.uuid === uuid)?.device;
}

function scan(what: '--detail' | '--examine', context: ReadContext): Promise<readonly MdArray[]> {
  return context.once(`mdadm ${what} --scan`, async () => {
    const { exitCode, stdout, stderr } = await context.probe(['mdadm', what, '--scan']);
    if (exitCode === 0) return parseMdScan(stdout);
    const why = stderr.trim() || (exitCode === null ? 'it did not answer' : `exit ${exitCode}`);
    throw new AgentError('E_COMMAND', `mdadm: ${why}`, { exit: 'unavailable' });
  });
}

async function detailOf(device: string, context: ReadContext): Promise<MdDetail> {
  return parseMdDetail((await context.probe(['mdadm', '--detail', device])).stdout);
}

/** Members that several nodes should see. */
async function missing(kw: Keywords, context: ReadContext): Promise<string[]> {
  if (context.service.nodes.length < 2) return [];
  const lines: string[] = [];
  for (const member of kw.devs ?? readMembers(context)) {
    if (!(await factsOf(context, member))) lines.push(`${member} does not exist`);
  }
  return lines;
}

async function waitFor(kw: Keywords, context: ActionContext): Promise<string> {
  for (let waited = 0; ; waited += 250) {
    const link = `/dev/disk/by-id/md-uuid-${kw.uuid}`;
    if (await factsOf(context, link)) return link;
    const { stdout } = await context.probe(['mdadm', '--detail', '--scan']);
    const array = parseMdScan(stdout).find(({ uuid }) => uuid === kw.uuid);
    if (array) return array.device;
    if (waited >= appearMs) break;
    await delay(250, undefined, { signal: context.signal });
  }
  throw new AgentError('E_NO_DEVICE', `${labelOf(kw)} did not appear`, {
    remedy: 'see `mdadm --examine --scan` for its members',
  });
}

/** `<directory of the service>/dev/disk.1.0`: a name that stays, for those that come after. */
function linkOf({ service, rid }: ReadContext): string {
  return join(service.directory, 'dev', `${rid.replace('#', '.')}.0`);
}

async function linkDevice(device: string, context: ActionContext): Promise<void> {
  const link = linkOf(context);
  if (targetOf(link) === device) return;
  await context.change(['mkdir', '-p', dirname(link)]);
  await context.change(['ln', '-sfn', device, link]);
  context.undo(async () => void (await context.change(['rm', '-f', link])));
}

async function stopArray(device: string, context: ActionContext): Promise<void> {
  await context.change(['mdadm', '--manage', device, '--stop']);
  const link = linkOf(context);
  if (targetOf(link) !== undefined) await context.change(['rm', '-f', link]);
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** @param device to stop first */
async function destroy(
  device: string | undefined,
  members: readonly string[],
  context: ActionContext,
): Promise<void> {
  if (device !== undefined) await context.change(['mdadm', '--manage', device, '--stop']);
  if (members.length > 0) await context.change(['mdadm', '--zero-superblock', ...members]);
}
