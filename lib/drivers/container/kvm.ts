/** container.kvm: a virtual machine of libvirt. */
import type { Values } from '../../config/keyword.js';
import { defineDriver, type Note, type ReadContext } from '../../driver/contract.js';
import { canRunMachines, isDomainRunning } from '../../host/virsh.js';
import { firstFile, type Guest, guestKeywords, guestName, startGuest, stopGuest } from './guest.js';

const keywords = guestKeywords('180s', '120s');

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
    const { service, nodename, probe } = context;
    const name = guestName(kw.name, service);
    if (await isDomainRunning(probe, name)) return undefined;
    const peers = [...service.nodes, ...service.drpnodes].filter((node) => node !== nodename);
    const running = await Promise.all(
      peers.map(async (node) => ((await isDomainRunning(probe, name, node)) ? node : undefined)),
    );
    const node = running.find((peer) => peer !== undefined);
    return node === undefined ? undefined : `${name} runs on ${node}`;
  },

  start: (kw, context) => startGuest(kw, guestOf(kw, context), context),
  stop: (kw, context) => stopGuest(kw, guestOf(kw, context), context),
});

const warning = (text: string): Note => ({ level: 'warn', text });

function guestOf(kw: Keywords, context: ReadContext): Guest {
  const name = guestName(kw.name, context.service);
  return {
    isRunning: () => isDomainRunning(context.probe, name),
    start: [
      ['virsh', 'define', `/etc/libvirt/qemu/${name}.xml`],
      ['virsh', 'start', name],
    ],
    stop: ['virsh', 'shutdown', name],
    force: ['virsh', 'destroy', name],
    inside: kw.rcmd,
  };
}
