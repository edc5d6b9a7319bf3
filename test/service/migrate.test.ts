/** migrate between two nodes over a real sshd; virsh and its machine are captured, the disks below are real. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lacks } from '../support/can.js';
import type { TestRoot } from '../support/root.js';
import { type Nodes, twoNodes } from './two-nodes.js';

const head = '[DEFAULT]\nnodes = n1 n2\n[sync#i0]\ndisable = true\n';
const machine = '[container#1]\ntype = kvm\nrcmd = true\n';
const disk = '[disk#1]\ntype = loop\nfile = {var}/disk.img\n';

interface Machine extends Nodes {
  /** Where the machine runs; empty: nowhere. */
  place(): string;
  /** What virsh was asked to change, by node. */
  changes(): string[];
  /** The next migration fails. */
  break(): void;
}

/** Two nodes, and a machine `web` that runs on n1. */
async function withMachine(config: string): Promise<Machine> {
  const state = mkdtempSync(join(tmpdir(), 'nodemgr-virsh-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const virsh = (node: string): string => `case "$1" in
dominfo)
  if [ "$(cat ${state}/place)" = ${node} ]; then state=running; else state='shut off'; fi
  printf 'Id:             3\\nName:           web\\nState:          %s\\n' "$state"; exit;;
capabilities) echo '<os_type>hvm</os_type>'; exit;;
esac
echo "${node} virsh $*" >>${state}/changes
case "$1" in
migrate)
  if [ -e ${state}/broken ]; then echo 'error: operation failed: migration job: unexpectedly failed' >&2; exit 1; fi
  to=\${5#qemu+ssh://}; echo "\${to%/system}" >${state}/place;;
start) echo ${node} >${state}/place;;
shutdown|destroy) echo >${state}/place;;
esac`;
  writeFileSync(join(state, 'place'), 'n1\n');
  const nodes = await twoNodes(config, (node) => ({ virsh: virsh(node) }));
  for (const { paths } of [nodes.n1, nodes.n2]) {
    mkdirSync(paths.var, { recursive: true });
    const file = join(paths.var, 'disk.img');
    execFileSync('truncate', ['-s', '4M', file]);
    onTestFinished(() => {
      for (const device of loopsOf(file)) spawnSync('losetup', ['-d', device]);
    });
  }
  const read = (name: string): string => {
    const file = join(state, name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  };
  return {
    ...nodes,
    place: () => read('place'),
    changes: () => read('changes').split('\n').filter(Boolean),
    break: () => writeFileSync(join(state, 'broken'), ''),
  };
}

function loopsOf(file: string): string[] {
  const { stdout } = spawnSync('losetup', ['-n', '-O', 'NAME', '-j', file], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean);
}

const hasDisk = ({ paths }: TestRoot): boolean => loopsOf(join(paths.var, 'disk.img')).length > 0;
const callsOn = ({ directory }: TestRoot): string[] =>
  readFileSync(join(directory, 'calls'), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !line.includes('print status'));

describe.skipIf(lacks('root', 'netns', 'sshd', 'loop', 'mount'))(
  'migrate (captured output)',
  () => {
    test('the disks start there, the machine moves, the disks stop here', async () => {
      const nodes = await withMachine(`${head}${disk}${machine}`);
      expect(nodes.svcmgr('startdisk').code).toBe(0);
      const { code, stdout, stderr } = nodes.svcmgr('migrate', '--node', 'n2');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(nodes.place()).toBe('n2');
      expect([hasDisk(nodes.n1), hasDisk(nodes.n2)]).toEqual([false, true]);
      expect(nodes.changes()).toEqual([
        'n1 virsh migrate --live --persistent web qemu+ssh://n2/system',
      ]);
      expect(callsOn(nodes.n2)).toEqual(['-s web startfs --master', '-s web prstart --master']);
      const steps = stdout.split('\n').flatMap((line) => {
        const [, step] = / (run svcmgr \w+|virsh migrate|losetup -[df]) /.exec(line) ?? [];
        return step ?? [];
      });
      expect(steps).toEqual([
        'run svcmgr startfs',
        'losetup -f',
        'virsh migrate',
        'losetup -d',
        'run svcmgr prstart',
      ]);
      expect(nodes.svcmgr('print', 'resource', 'status', '--rid', 'container#1').stdout).toBe(
        'down\n',
      );
    }, 60_000);

    test('a migration that fails is taken back: it runs here, on its disks', async () => {
      const nodes = await withMachine(`${head}${disk}${machine}`);
      nodes.svcmgr('startdisk');
      nodes.break();
      const { code, stderr } = nodes.svcmgr('migrate', '--to', 'n2');
      expect(code).toBe(1);
      expect(stderr).toMatch(/unexpectedly failed/);
      expect(nodes.place()).toBe('n1');
      expect([hasDisk(nodes.n1), hasDisk(nodes.n2)]).toEqual([true, false]);
      expect(callsOn(nodes.n2)).toEqual(['-s web startfs --master', '-s web stopfs --master']);
    }, 60_000);

    test('a dry run moves nothing and names each step', async () => {
      const nodes = await withMachine(`${head}${disk}${machine}`);
      nodes.svcmgr('startdisk');
      const { code, stdout } = nodes.svcmgr('migrate', '--node', 'n2', '--dry-run');
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /run svcmgr startfs --master on n2\n.*virsh migrate --live --persistent web qemu\+ssh:\/\/n2\/system\n.*losetup -d .*\n.*run svcmgr prstart --master on n2\n/,
      );
      expect(nodes.changes()).toEqual([]);
      expect([hasDisk(nodes.n1), hasDisk(nodes.n2)]).toEqual([true, false]);
    }, 60_000);

    test('refused: nowhere, here, a stranger, no machine, none that runs, one that is no machine, a frozen one', async () => {
      const nodes = await withMachine(`${head}${machine}`);
      for (const words of [[], ['--node', 'n1'], ['--node', 'n9']]) {
        const { code, stderr } = nodes.svcmgr('migrate', ...words);
        expect(code, words.join(' ')).toBe(2);
        expect(stderr).toMatch(/n2/);
      }
      const refusal = (config: string): string => {
        nodes.n1.write('web.conf', config);
        const { code, stderr } = nodes.svcmgr('migrate', '--node', 'n2');
        expect(code).toBe(1);
        return stderr;
      };
      expect(refusal(`${head}[fs#1]\ntype = flag\n`)).toMatch(
        /web: it has no container that can be moved while it runs\n.*switch/,
      );
      nodes.svcmgr('freeze');
      expect(refusal(`${head}${machine}`)).toMatch(/web: it is frozen; migrate is refused/);
      nodes.svcmgr('thaw');
      nodes.n1.write('web.conf', `${head}${machine}`);
      nodes.svcmgr('stopcontainer');
      expect(refusal(`${head}${machine}`)).toMatch(/none of its containers runs on n1/);
      expect(nodes.changes()).toEqual(['n1 virsh shutdown web']);
      expect(existsSync(join(nodes.n2.directory, 'calls'))).toBe(false);
    }, 60_000);

    test('refused: both nodes would have its file system mounted at once', async () => {
      const nodes = await withMachine(
        `${head}[fs#1]\ntype = ext4\ndev = {var}/disk.img\nmnt = {var}/mnt\n${machine}`,
      );
      const [image, point] = ['disk.img', 'mnt'].map((name) => join(nodes.n1.paths.var, name));
      execFileSync('mkfs.ext4', ['-q', '-F', image ?? '']);
      mkdirSync(point ?? '');
      execFileSync('mount', ['-o', 'loop', image ?? '', point ?? '']);
      onTestFinished(() => void spawnSync('umount', [point ?? '']));
      const { code, stderr } = nodes.svcmgr('migrate', '--node', 'n2');
      expect(code).toBe(1);
      expect(stderr).toMatch(/web: both nodes would have fs#1 .* at once, which destroys it/);
      expect(nodes.changes()).toEqual([]);
      expect(existsSync(join(nodes.n2.directory, 'calls'))).toBe(false);
    }, 60_000);
  },
);
