/** What encapsulation is made of: agents and their command lines, their answers, levels, schedules. */
import { describe, expect, test } from 'vitest';
import { createRunner } from '../../lib/exec/run.js';
import { createPeers } from '../../lib/host/remote.js';
import { innerAgents } from '../../lib/service/encap/agents.js';
import { parseInnerInstance } from '../../lib/service/encap/parse-instance.js';
import { readServiceSchedules } from '../../lib/service/schedules.js';
import { openService } from '../../lib/service/service.js';
import { validateService } from '../../lib/service/validate.js';
import { createRoot } from '../support/root.js';

const peers = createPeers(createRunner(), 'ssh -q');

async function agentsOf(text: string, encapnodes = 'vm1') {
  const { paths, write } = createRoot();
  const file = write('web.conf', `[DEFAULT]\nnodes = n1\nencapnodes = ${encapnodes}\n${text}`);
  return innerAgents(await openService(file, { paths, nodename: 'n1' }), { peers });
}

describe('how a command is run inside', () => {
  const cases = [
    {
      why: 'lxc attaches',
      text: 'type = lxc\nname = vm1',
      argv: ['lxc-attach', '-n', 'vm1', '--', 'svcmgr', '-s', 'web', 'stop', '--rid', 'fs#1'],
    },
    {
      why: 'a machine of libvirt is reached by ssh, its words quoted for the shell there',
      text: 'type = kvm\nname = m\nhostname = vm1',
      argv: ['ssh', '-q', 'vm1', "svcmgr -s web stop --rid 'fs#1'"],
    },
    {
      why: 'an engine executes it with its input, by the name of the container',
      text: 'type = podman\nimage = i\nhostname = vm1',
      argv: ['podman', 'exec', '-i', 'web.container.1', 'svcmgr', '-s', 'web', 'stop'],
    },
    {
      why: 'rcmd comes before all of it, and the agent may have a place of its own',
      text: 'type = docker\nimage = i\nhostname = vm1\nrcmd = nsenter -t 7 -a\nosvc_root_path = /opt/agent',
      argv: ['nsenter', '-t', '7', '-a', '/opt/agent/bin/svcmgr', '-s', 'web', 'stop'],
    },
    {
      why: 'an rcmd that is ssh gives the other side one text',
      text: 'type = lxc\nname = vm1\nrcmd = /usr/bin/ssh -p 2222 vm1',
      argv: ['/usr/bin/ssh', '-p', '2222', 'vm1', "svcmgr -s web stop --rid 'fs#1'"],
    },
  ];
  test.each(cases)('$why', async ({ text, argv }) => {
    const [agent] = await agentsOf(`[container#1]\n${text}\n`);
    const line = agent?.svcmgr(['stop', '--rid', 'fs#1']);
    expect(line?.slice(0, argv.length)).toEqual(argv);
  });
});

test('an agent is where encapnodes names the host name or the name, in any case', async () => {
  const text =
    '[container#1]\ntype = lxc\nname = VM1\n[container#2]\ntype = lxc\nname = c2\nhostname = vm2\n' +
    '[container#3]\ntype = lxc\nname = vm3\n[container#4]\ntype = lxc\nname = vm4\ndisable = true\n' +
    '[container#5]\ntype = kvm\nname = vm5\nguestos = windows\n[container#6]\ntype = lxc\nname = vm6\nencap = true\n';
  const agents = await agentsOf(text, 'vm1 vm2 vm4 vm5 vm6');
  expect(agents.map(({ resource, hostname }) => [resource.rid, hostname])).toEqual([
    ['container#1', 'vm1'],
    ['container#2', 'vm2'],
  ]);
});

test('an older agent leaves out what is false, and writes notes as one text', () => {
  const answer = JSON.stringify({
    avail: 'up',
    overall: 'warn',
    app: 'n/a',
    fs: 'up',
    resources: {
      'sync#1': { status: 'up', type: 'sync.rsync', optional: true },
      'fs#2': {
        status: 'up',
        type: 'fs',
        label: 'ext4 /dev/a@/srv',
        log: 'warn: full\nodd',
        optional: true,
      },
    },
  });
  expect(parseInnerInstance(answer, 'vm1')).toMatchObject({
    hostname: 'vm1',
    avail: 'up',
    overall: 'warn',
    frozen: false,
    provisioned: true,
    groups: { fs: 'up', disk: 'n/a' },
    resources: [
      {
        rid: 'fs#2',
        label: 'ext4 /dev/a@/srv',
        marked: true,
        encap: true,
        disable: false,
        log: [
          { level: 'warn', text: 'full' },
          { level: 'info', text: 'odd' },
        ],
      },
      { rid: 'sync#1', marked: false },
    ],
  });
});

test.each(['', 'web: service does not exist', '[]', '{"avail":"up"}', 'null'])(
  '%j is no status of an instance',
  (text) => {
    expect(parseInnerInstance(text, 'vm1')).toBeUndefined();
  },
);

test('validate config says when nobody drives an encap resource', async () => {
  const { paths, write } = createRoot();
  const findings = async (head: string): Promise<string[]> => {
    const text = `[DEFAULT]\n${head}\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\ntags = a encap\n`;
    const file = write('web.conf', text);
    const found = await validateService(Buffer.from(text), file, { paths, nodename: 'n1' });
    return found.map(({ level, line, message }) => `${level} ${line} ${message}`);
  };
  expect(await findings('encapnodes = vm1')).toEqual([]);
  expect(await findings('nodes = n1')).toEqual([
    'warning 5 nobody drives it: no container is named by `encapnodes`',
  ]);
});

test('work that may ask inside a container is no work for the tick itself', () => {
  const { paths, write } = createRoot();
  const rows = (text: string, node: string) => {
    const file = write('web.conf', text);
    return readServiceSchedules(paths, file, node, () => undefined)
      .filter(({ section }) => section === 'DEFAULT')
      .map(({ action, detached }) => `${action} ${detached}`);
  };
  const plain = '[DEFAULT]\nnodes = n1\nmonitor_schedule = @1\n';
  expect(rows(plain, 'n1')).toEqual(['push_service_status false', 'resource_monitor false']);
  const encap = `${plain}encapnodes = vm1\n`;
  expect(rows(encap, 'n1')).toEqual(['push_service_status true', 'resource_monitor true']);
  expect(rows(encap, 'vm1')).toEqual(['resource_monitor false']);
});
