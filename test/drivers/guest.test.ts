/** container.lxc and container.kvm: their command lines, and what the real tools print. */
import { describe, expect, test } from 'vitest';
import { AgentError } from '../../lib/errors/agent-error.js';
import { nothingRan } from '../../lib/exec/run.js';
import { parseLxcState } from '../../lib/host/lxc.js';
import { parseDomainState } from '../../lib/host/virsh.js';
import { createRig, type Rig, type RigOptions } from './rig.js';

type Answer =
  | { exitCode?: number | null; timedOut?: boolean; stdout?: string; stderr?: string }
  | undefined;

/** Answers some commands in place of the host, and keeps those that change something. */
function fakeHost(answer: (line: string) => Answer) {
  const commands: string[] = [];
  const run: NonNullable<RigOptions['run']> = (argv, real, options) => {
    const line = argv.join(' ');
    const known = answer(line);
    if (!known) return real(argv, options);
    if (!/lxc-info|dominfo|capabilities| pwd$/.test(line)) commands.push(line);
    return Promise.resolve({ ...nothingRan, argv, startedAt: 0, endedAt: 0, ...known });
  };
  return { commands, run };
}

describe('container.lxc (captured output)', () => {
  function lxc(options: { deaf?: boolean } = {}) {
    let isRunning = false;
    return fakeHost((line) => {
      if (line === 'lxc-info --name svc1') {
        return isRunning
          ? { stdout: 'Name:           svc1\nState:          RUNNING\nPID:            4711\n' }
          : { stdout: 'Name:           svc1\nState:          STOPPED\n' };
      }
      if (line === 'lxc-attach -n svc1 -- pwd') return { stdout: '/\n' };
      if (line.startsWith('lxc-start')) isRunning = true;
      if (line.startsWith('lxc-stop') && (!options.deaf || line.includes('--kill')))
        isRunning = false;
      return line.startsWith('lxc-') ? {} : undefined;
    });
  }

  test('start, stop, each twice', async () => {
    const { commands, run } = lxc();
    const rig = createRig('[container#1]\ntype = lxc\ncf = /srv/svc1/config\n', { run });
    expect(await rig.status('container#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'warn', text: 'svc1 has no configuration' }],
    });
    await rig.act('start');
    expect((await rig.status('container#1')).status).toBe('up');
    await rig.act('start');
    await rig.act('stop');
    await rig.act('stop');
    expect(commands).toEqual([
      'lxc-start -d -n svc1 -o /var/tmp/svc_svc1_lxc_start.log -f /srv/svc1/config',
      'lxc-stop -n svc1 -o /var/tmp/svc_svc1_lxc_stop.log',
    ]);
    expect((await rig.status('container#1')).status).toBe('down');
  });

  test('one that does not listen is killed', async () => {
    const { commands, run } = lxc({ deaf: true });
    const rig = createRig('[container#1]\ntype = lxc\nstop_timeout = 100ms\n', { run });
    await rig.act('start');
    await rig.act('stop');
    expect(commands.slice(-2)).toEqual([
      'lxc-stop -n svc1 -o /var/tmp/svc_svc1_lxc_stop.log',
      'lxc-stop --kill -n svc1',
    ]);
  });

  test('provision', async () => {
    const { commands, run } = lxc();
    const rig = createRig(
      '[container#1]\ntype = lxc\nrootfs = /srv/svc1\ntemplate = debian\ntemplate_options = -r bookworm\n',
      { run },
    );
    await rig.act('provision');
    expect(commands[0]).toBe(
      'lxc-create --name svc1 --dir /srv/svc1 --template debian -- -r bookworm',
    );
  });

  test('one that does not answer is not called down', async () => {
    const { commands, run } = fakeHost((line) => {
      if (line.startsWith('lxc-info')) return { exitCode: null, timedOut: true };
      return line.startsWith('lxc-') ? {} : undefined;
    });
    const rig = createRig('[container#1]\ntype = lxc\nstop_timeout = 100ms\n', { run });
    expect((await rig.status('container#1')).status).toBe('undef');
    await expect(rig.act('stop')).rejects.toThrow();
    expect(commands).toContain('lxc-stop -n svc1 -o /var/tmp/svc_svc1_lxc_stop.log');
  });

  test('without lxc', async () => {
    const rig = createRig('[container#1]\ntype = lxc\n', { run: without('lxc-') });
    expect((await rig.status('container#1')).status).toBe('undef');
    await expect(rig.act('start')).rejects.toThrow('is not installed');
  });

  test('its state', () => {
    expect(parseLxcState('Name:           svc1\nState:          RUNNING\n')).toBe('RUNNING');
    expect(parseLxcState("svc1 doesn't exist\n")).toBeUndefined();
  });
});

describe('container.kvm (captured output)', () => {
  const dominfo = (state: string): string =>
    `Id:             3\nName:           svc1\nUUID:           9c1f\nOS Type:        hvm\nState:          ${state}\nCPU(s):         2\n`;

  function kvm(options: { deaf?: boolean; elsewhere?: string } = {}) {
    let isRunning = false;
    return fakeHost((line) => {
      if (line === 'virsh dominfo svc1') {
        return isRunning
          ? { stdout: dominfo('running') }
          : { exitCode: 1, stderr: "error: failed to get domain 'svc1'\n" };
      }
      if (line.endsWith('virsh dominfo svc1')) {
        return line.includes(` ${options.elsewhere} `)
          ? { stdout: dominfo('running') }
          : { stdout: dominfo('shut off') };
      }
      if (line === 'virsh capabilities') return { stdout: '<os_type>hvm</os_type>\n' };
      if (line === 'virsh start svc1') isRunning = true;
      if (line === 'virsh destroy svc1' || (line === 'virsh shutdown svc1' && !options.deaf)) {
        isRunning = false;
      }
      return line.startsWith('virsh') ? {} : undefined;
    });
  }
  const rigOf = (run: RigOptions['run'], head = '', lines = ''): Rig =>
    createRig(`${head}\n[container#1]\ntype = kvm\n${lines}\n`, run ? { run } : {});

  test('start, stop, each twice', async () => {
    const { commands, run } = kvm();
    const rig = rigOf(run);
    expect(await rig.status('container#1')).toMatchObject({ status: 'down', notes: [] });
    await rig.act('start');
    expect((await rig.status('container#1')).status).toBe('up');
    await rig.act('start');
    await rig.act('stop');
    await rig.act('stop');
    expect(commands).toEqual([
      'virsh define /etc/libvirt/qemu/svc1.xml',
      'virsh start svc1',
      'virsh shutdown svc1',
    ]);
  });

  test('one that does not listen is destroyed', async () => {
    const { commands, run } = kvm({ deaf: true });
    const rig = rigOf(run, '', 'stop_timeout = 100ms');
    await rig.act('start');
    await rig.act('stop');
    expect(commands.slice(-2)).toEqual(['virsh shutdown svc1', 'virsh destroy svc1']);
  });

  test('one that runs on another node is not started', async () => {
    const { commands, run } = kvm({ elsewhere: 'node2' });
    const rig = rigOf(run, '[DEFAULT]\nnodes = node1 node3 node2\n');
    await expect(rig.act('start')).rejects.toThrow('in use elsewhere: container#1');
    expect(rig.lines).toContain('container#1 ERROR svc1 runs on node2');
    expect(commands).toEqual([]);
  });

  test('other nodes are asked as node.rsh says', async () => {
    const asked: string[] = [];
    const { run } = kvm();
    const rig = createRig('[DEFAULT]\nnodes = node1 node2\n[container#1]\ntype = kvm\n', {
      rsh: '/opt/rsh -x',
      run: (argv, real, options) => {
        asked.push(argv.join(' '));
        return run(argv, real, options);
      },
    });
    await rig.act('start');
    expect(asked).toContain('/opt/rsh -x node2 virsh dominfo svc1');
  });

  test('provision and unprovision, with a snapshot below', async () => {
    const files = new Set<string>();
    const commands: string[] = [];
    let isRunning = false;
    const run: NonNullable<RigOptions['run']> = (argv, real, options) => {
      const line = argv.join(' ');
      const answer = (known: { exitCode?: number; stdout?: string } = {}) =>
        Promise.resolve({ ...nothingRan, argv, startedAt: 0, endedAt: 0, ...known });
      if (argv[0] === 'sh') {
        return answer({ stdout: argv.slice(4).find((file) => files.has(file)) ?? '' });
      }
      if (line.includes('dominfo')) {
        return answer(isRunning ? { stdout: dominfo('running') } : { exitCode: 1 });
      }
      if (!/^(virsh|virt-install|btrfs) /.test(line)) return real(argv, options);
      commands.push(line);
      if (line.startsWith('btrfs subvolume snapshot')) files.add('/srv/web');
      if (line.startsWith('virt-install')) files.add('/etc/libvirt/qemu/svc1.xml');
      if (line === 'virsh start svc1') isRunning = true;
      if (line === 'virsh shutdown svc1') isRunning = false;
      if (line === 'virsh undefine svc1') files.delete('/etc/libvirt/qemu/svc1.xml');
      return answer();
    };
    const rig = rigOf(
      run,
      '',
      'virtinst = virt-install --name svc1 --import\nsnapof = /srv/base\nsnap = /srv/web',
    );
    await rig.act('provision');
    await rig.act('provision');
    await rig.act('unprovision');
    expect(commands).toEqual([
      'btrfs subvolume snapshot /srv/base /srv/web',
      'virt-install --name svc1 --import',
      'virsh define /etc/libvirt/qemu/svc1.xml',
      'virsh start svc1',
      'virsh shutdown svc1',
      'virsh undefine svc1',
      'btrfs subvolume delete /srv/web',
    ]);
    await expect(rigOf(run).act('provision')).rejects.toThrow('there is no command to make it');
  });

  test('without libvirt', async () => {
    const rig = rigOf(without('virsh'));
    expect((await rig.status('container#1')).status).toBe('undef');
    await expect(rig.act('start')).rejects.toThrow('is not installed');
  });

  test('its state', () => {
    expect(parseDomainState(dominfo('running'))).toBe('running');
    expect(parseDomainState(dominfo('shut off'))).toBe('shut off');
    expect(parseDomainState('')).toBeUndefined();
  });
});

/** A host that lacks the programs with this beginning. */
function without(beginning: string): NonNullable<RigOptions['run']> {
  return (argv, real, options) => {
    if (argv[0]?.startsWith(beginning)) {
      throw new AgentError('E_NO_COMMAND', `${argv[0]} is not installed`);
    }
    return real(argv, options);
  };
}
