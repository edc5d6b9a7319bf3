/** container.kvm: a virtual machine of libvirt. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type LabelFacts,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { canRunMachines, isDomainRunning } from '../../host/virsh.js';
import {
  firstFile,
  type Guest,
  guestKeywords,
  guestName,
  insideGuest,
  startGuest,
  stopGuest,
} from './guest.js';

const keywords = defineKeywords({
  ...guestKeywords('180s', '120s'),
  virtinst: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'The command that makes it: `virt-install --name web --import ...`.',
  },
  snapof: {
    kind: 'path',
    scopable: true,
    provisioning: true,
    text: 'The btrfs subvolume that its files are a snapshot of.',
  },
  snap: {
    kind: 'path',
    scopable: true,
    provisioning: true,
    text: 'The snapshot that holds its files; `unprovision` deletes it.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'container.kvm',
  describe: 'A virtual machine of libvirt.',
  keywords,
  label: (kw, { service }) => guestName(kw.name, service),

  async status(kw, context) {
    const name = guestName(kw.name, context.service);
    const isRunning = await context.once(`domain ${name}`, () =>
      isDomainRunning(context.probe, name),
    );
    const [isCapable, autostart] = await Promise.all([
      context.once('virsh capabilities', () => canRunMachines(context.probe)),
      firstFile(context, [`/etc/libvirt/qemu/autostart/${name}.xml`]),
    ]);
    if (isRunning === undefined) {
      return { status: 'undef', notes: [warning('virsh is not installed, or libvirt is down')] };
    }
    const notes = [
      ...(isCapable === false ? [warning('this host cannot run virtual machines')] : []),
      ...(autostart ? [warning('libvirt starts it as well: virsh autostart --disable')] : []),
    ];
    return { status: isRunning ? 'up' : 'down', notes };
  },

  async conflict(kw, context) {
    const { service, nodename, probe, peers } = context;
    const name = guestName(kw.name, service);
    if (await isDomainRunning(probe, name)) return undefined;
    const others = [...service.nodes, ...service.drpnodes].filter((node) => node !== nodename);
    const running = await Promise.all(
      others.map(async (node) => {
        const at = (argv: readonly string[]) => peers.argv(node, argv);
        return (await isDomainRunning(probe, name, at)) ? node : undefined;
      }),
    );
    const node = running.find((peer) => peer !== undefined);
    return node === undefined ? undefined : `${name} runs on ${node}`;
  },

  start: (kw, context) => startGuest(kw, guestOf(kw, context), context),
  stop: (kw, context) => stopGuest(kw, guestOf(kw, context), context),

  inside: (kw, facts) => insideGuest(kw, facts, undefined),

  async migrate(kw, context) {
    const { destination, peers, probe } = context;
    const name = guestName(kw.name, context.service);
    if (destination === undefined) throw new Error('a migration without a destination');
    const there = `qemu+ssh://${destination}/system`;
    // Known there for good: it has to survive a restart of libvirt.
    await context.change(['virsh', 'migrate', '--live', '--persistent', name, there], {
      timeoutMs: 0,
    });
    if (context.dryRun) return;
    const at = (argv: readonly string[]) => peers.argv(destination, argv);
    if (await isDomainRunning(probe, name, at)) return;
    throw new AgentError('E_NOT_UP', `${name} does not run on ${destination} after its migration`, {
      remedy: `look at it there: virsh -c ${there} dominfo ${name}`,
    });
  },

  shell(kw, { rid, service }, terminal) {
    if (kw.rcmd?.length) return [...kw.rcmd, '/bin/sh', ...(terminal ? ['-i'] : [])];
    const name = guestName(kw.name, service);
    throw new AgentError('E_NO_SHELL', `${rid}: nothing is known that runs a command in ${name}`, {
      exit: 'config',
      remedy: `set \`rcmd\`, as \`ssh -t ${name}\`, or use its console: virsh console ${name}`,
    });
  },

  replicates: (kw, facts) => [definitionOf(kw, facts)],

  /** What was copied here is known to libvirt before it is started. */
  async postsync(kw, context) {
    const definition = definitionOf(kw, context);
    if (await firstFile(context, [definition])) {
      await context.change(['virsh', 'define', definition], { quietErrors: true });
    }
  },

  async provisioned(kw, context) {
    return (await firstFile(context, [definitionOf(kw, context)])) !== undefined;
  },

  async provision(kw, context) {
    const name = guestName(kw.name, context.service);
    if (!kw.virtinst?.length) {
      throw new AgentError('E_CONFIG', `${name}: there is no command to make it`, {
        exit: 'config',
        remedy: 'set `virtinst`',
      });
    }
    const { snap, snapof } = kw;
    if (snap !== undefined && snapof !== undefined && !(await firstFile(context, [snap]))) {
      await context.change(['btrfs', 'subvolume', 'snapshot', snapof, snap]);
      context.undo(() => deleteSnapshot(kw, context));
    }
    await context.change(kw.virtinst, { timeoutMs: makingMs, quietErrors: true });
    context.undo(async () => {
      await context.change(['virsh', 'undefine', name]);
    });
  },

  async unprovision(kw, context) {
    await context.change(['virsh', 'undefine', guestName(kw.name, context.service)]);
    await deleteSnapshot(kw, context);
  },
});

/** An installation may fetch a whole system. */
const makingMs = 60 * 60_000;

async function deleteSnapshot({ snap }: Keywords, context: ActionContext): Promise<void> {
  if (snap === undefined || !(await firstFile(context, [snap]))) return;
  await context.change(['btrfs', 'subvolume', 'delete', snap]);
}

function definitionOf({ name }: Keywords, { service }: LabelFacts): string {
  return `/etc/libvirt/qemu/${guestName(name, service)}.xml`;
}

const warning = (text: string): Note => ({ level: 'warn', text });

function guestOf(kw: Keywords, context: ReadContext): Guest {
  const name = guestName(kw.name, context.service);
  return {
    isRunning: () => isDomainRunning(context.probe, name),
    start: [
      ['virsh', 'define', definitionOf(kw, context)],
      ['virsh', 'start', name],
    ],
    stop: ['virsh', 'shutdown', name],
    force: ['virsh', 'destroy', name],
    inside: kw.rcmd,
  };
}
