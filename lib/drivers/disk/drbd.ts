/** disk.drbd: a device replicated between nodes (drbdadm(8)). */
import { existsSync } from 'node:fs';
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';

const keywords = defineKeywords({
  res: { kind: 'string', required: true, scopable: true, text: 'Name of the drbd resource.' },
});

type Keywords = Values<typeof keywords>;

const labelOf = ({ res }: Keywords): string => `drbd ${res}`;

export default defineDriver<Keywords>({
  id: 'disk.drbd',
  describe: 'A device replicated between nodes.',
  keywords,
  label: labelOf,

  async status({ res }, context) {
    const states = await ask('dstate', res, context);
    if (states.every((state) => state === 'Unconfigured')) return { status: 'down' };
    const role = (await ask('role', res, context)).join(', ');
    const notes: Note[] = [{ level: 'info', text: role }];
    const wrong = states.filter((state) => !/^UpToDate(\/UpToDate)*$/.test(state));
    if (wrong.length === 0) return { status: 'up', notes };
    notes.push({
      level: 'warn',
      text: `unexpected drbd resource ${res} state: ${wrong.join(', ')}`,
    });
    return { status: 'warn', notes };
  },

  replicates: ({ res }) => [`/etc/drbd.d/${res}.res`],

  async start(kw, context) {
    const isChanged = await connect(kw, context);
    // A standby instance follows another one.
    const turn = context.action === 'startstandby' ? demote : promote;
    if (!(await turn(kw, context)) && !isChanged) {
      context.log.info(`${labelOf(kw)} is already up`);
    }
  },

  async stop(kw, context) {
    const states = await ask('dstate', kw.res, context);
    if (states.every((state) => state === 'Unconfigured')) {
      context.log.info(`${labelOf(kw)} is already down`);
      return;
    }
    await context.change(['drbdadm', 'down', kw.res]);
  },

  async standbyStop(kw, context) {
    const isChanged = await connect(kw, context);
    if (!(await demote(kw, context)) && !isChanged) {
      context.log.info(`${labelOf(kw)} is already secondary`);
    }
  },

  async devices({ res }, context) {
    const lines = async (what: string): Promise<string[]> =>
      (await context.probe(['drbdadm', what, res])).stdout.split('\n').filter(Boolean);
    return { exposed: await lines('sh-dev'), base: await lines('sh-ll-dev') };
  },
});

/** Version 9 calls the wait for a peer `Connecting`. */
const connected = ['Connected', 'WFConnection', 'Connecting'];

/** @returns whether there was anything to do */
async function connect({ res }: Keywords, context: ActionContext): Promise<boolean> {
  if (!isLoaded()) await context.change(['modprobe', 'drbd']);
  const [state = 'Unconfigured'] = await ask('cstate', res, context);
  if (connected.includes(state)) return false;
  if (state === 'StandAlone') await context.change(['drbdadm', 'down', res]);
  await context.change(['drbdadm', 'up', res]);
  context.undo(async () => void (await context.change(['drbdadm', 'down', res])));
  return true;
}

async function promote({ res }: Keywords, context: ActionContext): Promise<boolean> {
  if (await isPrimary(res, context)) return false;
  await context.change(['drbdadm', 'primary', res]);
  context.undo(async () => void (await context.change(['drbdadm', 'secondary', res])));
  return true;
}

async function demote({ res }: Keywords, context: ActionContext): Promise<boolean> {
  if (!(await isPrimary(res, context))) return false;
  await context.change(['drbdadm', 'secondary', res]);
  return true;
}

/** The local role comes first: `Primary/Secondary`; version 9 prints it alone. */
async function isPrimary(res: string, context: ReadContext): Promise<boolean> {
  const [role = ''] = await ask('role', res, context);
  return role.split('/')[0] === 'Primary';
}

/**
 * One line for each volume, or for each peer; `Unconfigured` for what is not up.
 * @throws AgentError `E_COMMAND` when drbd does not know the resource
 */
async function ask(what: string, res: string, context: ReadContext): Promise<string[]> {
  const { exitCode, stdout, stderr } = await context.probe(['drbdadm', what, res]);
  const lines = stdout
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length > 0) return lines;
  // 10: not up in version 9; 20: the kernel module is not there.
  if (exitCode === 0 || exitCode === 10 || !isLoaded()) return ['Unconfigured'];
  const why = stderr.trim() || (exitCode === null ? 'it did not answer' : `exit ${exitCode}`);
  throw new AgentError('E_COMMAND', `drbdadm ${what} ${res}: ${why}`, { exit: 'unavailable' });
}

function isLoaded(): boolean {
  return existsSync('/sys/module/drbd');
}
