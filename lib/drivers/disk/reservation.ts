/**
 * disk.scsireserv: the SCSI-3 persistent reservation of the disks below another resource (spec service
 * 8.2). It has no section: the keyword `scsireserv` of that resource makes it.
 */
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
  type StatusReport,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { isMissingCommand } from '../../exec/run.js';
import { parseReservationKey, reservationHolder, scsiDisks } from '../../host/scsi-reservation.js';

/** What the resource below says. */
export interface ReservationValues {
  /** The rid of the resource whose disks are reserved. */
  readonly of: string;
  /** As configured; undefined: nowhere. */
  readonly key: string | undefined;
  readonly noPreemptAbort: boolean;
}

/** Write exclusive, registrants only. */
const type = '--prout-type=5';
const timeoutMs = 60_000;

export default defineDriver<ReservationValues>({
  id: 'disk.scsireserv',
  describe: 'The SCSI-3 persistent reservation of the disks below another resource.',
  keywords: {},
  label: ({ of }) => `preserv of ${of}`,

  async status(values, context) {
    try {
      return await statusOf(values, context);
    } catch (error) {
      if (isMissingCommand(error)) return undefinedBecause('sg_persist is not installed');
      if (error instanceof AgentError) return undefinedBecause(error.message);
      throw error;
    }
  },

  async start(values, context) {
    const key = keyOf(values, context);
    for (const disk of await disksOf(values, context)) await reserve(disk, key, values, context);
  },

  async stop(values, context) {
    const key = keyOf(values, context);
    for (const disk of await disksOf(values, context)) await release(disk, key, context);
  },
});

async function statusOf(values: ReservationValues, context: ReadContext): Promise<StatusReport> {
  const disks = await disksOf(values, context);
  if (disks.length === 0) return { status: 'n/a', notes: [info('no SCSI disk below')] };
  const key = keyOf(values, context);
  const holders = await Promise.all(
    disks.map(async (disk) => ({ disk, holder: await reservationHolder(context.probe, disk) })),
  );
  const ours = holders.filter(({ holder }) => holder === key);
  if (ours.length === disks.length) return { status: 'up' };
  const notes = holders
    .filter(({ holder }) => holder !== key && (holder !== undefined || ours.length > 0))
    .map(({ disk, holder }) =>
      warning(
        holder === undefined ? `${disk} is not reserved` : `${disk} is reserved by ${holder}`,
      ),
    );
  return { status: ours.length === 0 ? 'down' : 'warn', notes };
}

/** Registers, and takes the reservation: a free one, or that of another key. */
async function reserve(
  disk: string,
  key: string,
  { noPreemptAbort }: ReservationValues,
  context: ActionContext,
): Promise<void> {
  const holder = await reservationHolder(context.probe, disk);
  if (holder === key) {
    context.log.info(`${disk} is already reserved`);
    return;
  }
  await change(context, disk, '--register-ignore', `--param-sark=${key}`);
  if (holder === undefined) {
    await change(context, disk, '--reserve', `--param-rk=${key}`, type);
  } else {
    const preempt = noPreemptAbort ? '--preempt' : '--preempt-abort';
    await change(context, disk, preempt, `--param-sark=${holder}`, `--param-rk=${key}`, type);
  }
  context.undo(() => release(disk, key, context));
  if (context.dryRun) return;
  const now = await reservationHolder(context.probe, disk);
  if (now === key) return;
  throw new AgentError('E_NOT_UP', `${disk} is held by ${now ?? 'nobody'} after its reservation`, {
    remedy: `look at its keys: sg_persist -n -k ${disk}`,
  });
}

/** Only what is ours: the last step takes the keys of all nodes off the disk. */
async function release(disk: string, key: string, context: ActionContext): Promise<void> {
  const holder = await reservationHolder(context.probe, disk);
  if (holder !== key) {
    context.log.info(`${disk} is not reserved by this node`);
    return;
  }
  await change(context, disk, '--release', `--param-rk=${key}`, type);
  await change(context, disk, '--clear', `--param-rk=${key}`);
}

async function change(context: ActionContext, disk: string, ...words: string[]): Promise<void> {
  const argv = ['sg_persist', '-n', '--out', ...words, disk];
  await context.change(argv, { timeoutMs, quietErrors: true });
}

async function disksOf({ of }: ReservationValues, context: ReadContext): Promise<string[]> {
  const sibling = context.siblings.find(({ rid }) => rid === of);
  const { base = [], exposed = [] } = (await sibling?.devices()) ?? {};
  const devices = base.length > 0 ? base : exposed;
  const disks = await Promise.all(
    devices.map((device) =>
      context.once(`scsi disks ${device}`, () => scsiDisks(context.probe, device)),
    ),
  );
  return [...new Set(disks.flat())].sort();
}

/** @throws AgentError `E_VALUE` */
function keyOf({ key, of }: ReservationValues, { rid }: ReadContext): string {
  const parsed = key === undefined ? undefined : parseReservationKey(key);
  if (parsed !== undefined) return parsed;
  const fact = key === undefined ? 'there is no reservation key' : `"${key}" is no reservation key`;
  throw new AgentError('E_VALUE', `${rid}: ${fact}`, {
    exit: 'config',
    remedy: `set ${of}.prkey, or node.prkey in node.conf: 0x and up to 16 hexadecimal digits`,
  });
}

function undefinedBecause(text: string): StatusReport {
  return { status: 'undef', notes: [warning(text)] };
}

const info = (text: string): Note => ({ level: 'info', text });
const warning = (text: string): Note => ({ level: 'warn', text });
