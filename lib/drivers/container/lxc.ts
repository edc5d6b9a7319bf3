/** container.lxc: a container of LXC, with a system of its own. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver, type Note, type ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { isLxcRunning, lxcConfigFiles } from '../../host/lxc.js';
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
  ...guestKeywords('600s', '60s'),
  cf: { kind: 'path', scopable: true, text: 'Its configuration file, when it has another place.' },
  rootfs: {
    kind: 'path',
    scopable: true,
    provisioning: true,
    text: 'Where its files are made.',
  },
  template: {
    kind: 'string',
    scopable: true,
    provisioning: true,
    text: 'The template that it is made from.',
  },
  template_options: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'Options of the template.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'container.lxc',
  describe: 'A container of LXC, with a system of its own.',
  keywords,
  label: (kw, { service }) => guestName(kw.name, service),

  async status(kw, context) {
    const name = guestName(kw.name, context.service);
    const isRunning = await context.once(`lxc ${name}`, () => isLxcRunning(context.probe, name));
    if (isRunning === undefined)
      return { status: 'undef', notes: [warning('lxc is not installed, or does not answer')] };
    if (isRunning) return { status: 'up' };
    const config = await configOf(kw, context);
    return { status: 'down', notes: config ? [] : [warning(`${name} has no configuration`)] };
  },

  start: (kw, context) => startGuest(kw, guestOf(kw, context), context),
  shell: (kw, { service }) => ['lxc-attach', '-n', guestName(kw.name, service)],
  inside: (kw, facts) => insideGuest(kw, facts, attachTo(guestName(kw.name, facts.service))),
  stop: (kw, context) => stopGuest(kw, guestOf(kw, context), context),

  async provisioned(kw, context) {
    return (await configOf(kw, context)) !== undefined;
  },

  replicates: (kw, { service }) =>
    kw.cf === undefined ? lxcConfigFiles(guestName(kw.name, service)) : [kw.cf],

  async provision(kw, context) {
    const name = guestName(kw.name, context.service);
    if (kw.template === undefined || kw.rootfs === undefined) {
      throw new AgentError('E_CONFIG', `${name}: a template and a rootfs are needed to make it`, {
        exit: 'config',
        remedy: 'set `template` and `rootfs`',
      });
    }
    await context.change(
      [
        ...['lxc-create', '--name', name, '--dir', kw.rootfs],
        ...(kw.cf === undefined ? [] : ['-f', kw.cf]),
        ...['--template', kw.template],
        ...(kw.template_options?.length ? ['--', ...kw.template_options] : []),
      ],
      { timeoutMs: makingMs, quietErrors: true },
    );
    context.undo(async () => {
      await context.change(['lxc-destroy', '-n', name]);
    });
  },

  async unprovision(kw, context) {
    await context.change(['lxc-destroy', '-n', guestName(kw.name, context.service)]);
  },
});

/** A template may fetch a whole system. */
const makingMs = 60 * 60_000;

const attachTo = (name: string): string[] => ['lxc-attach', '-n', name, '--'];

const warning = (text: string): Note => ({ level: 'warn', text });

function configOf(kw: Keywords, context: ReadContext): Promise<string | undefined> {
  const files = kw.cf === undefined ? [] : [kw.cf];
  return firstFile(context, [...files, ...lxcConfigFiles(guestName(kw.name, context.service))]);
}

function guestOf(kw: Keywords, context: ReadContext): Guest {
  const name = guestName(kw.name, context.service);
  const log = (what: string): string => `/var/tmp/svc_${name}_lxc_${what}.log`;
  const config = kw.cf === undefined ? [] : ['-f', kw.cf];
  return {
    isRunning: () => isLxcRunning(context.probe, name),
    start: [['lxc-start', '-d', '-n', name, '-o', log('start'), ...config]],
    stop: ['lxc-stop', '-n', name, '-o', log('stop')],
    force: ['lxc-stop', '--kill', '-n', name],
    inside: kw.rcmd ?? attachTo(name),
  };
}
