/** Caps of process groups: version 1 for real where it is mounted, version 2 on a tree of files. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type CapProblem,
  type CappedGroup,
  type Controller,
  capGroups,
} from '../../lib/exec/caps.js';
import { findController } from '../../lib/exec/cgroup.js';
import { createRunner } from '../../lib/exec/run.js';
import { createLog } from '../../lib/log/create-log.js';
import { can, temporary } from './probe.js';

const isVersion1 = (controller: Controller): boolean => findController(controller)?.version === 1;
const controllers = ['cpuset', 'cpu', 'memory', 'blkio'] as const;
const hasAll = can.root && controllers.every(isVersion1);

function capped(groups: readonly CappedGroup[]): { directories: string[]; problems: CapProblem[] } {
  const problems: CapProblem[] = [];
  const directories = capGroups(groups, { onRefused: (problem) => problems.push(problem) });
  const names = groups.map(({ name }) => name).sort((a, b) => b.length - a.length);
  onTestFinished(() => {
    for (const directory of directories) {
      for (let name = names[0] ?? '.'; name !== '.'; name = dirname(name)) {
        rmdirSync(join(directory, name));
      }
    }
  });
  return { directories, problems };
}

const unique = `caps-${process.pid}`;
const cap = (controller: Controller, name: string, file: string): string =>
  readFileSync(join(findController(controller)?.directory ?? '', name, file), 'utf8').trim();

test.skipIf(!hasAll)('version 1: every cap is in the files of the kernel, at its level', () => {
  const [service, own] = [`${unique}a`, `${unique}a/app/app.1`];
  const { problems } = capped([
    { name: service, caps: { cpus: '0', cpuShares: 512, memory: 256 << 20 } },
    {
      name: own,
      caps: {
        ...{ cpus: '0', mems: '0', cpuShares: 256, processors: 0.5, swappiness: 40 },
        ...{ memory: 64 << 20, memoryAndSwap: 128 << 20, waitsForMemory: true, ioWeight: 300 },
      },
    },
  ]);
  expect(problems).toEqual([]);
  expect(cap('cpuset', service, 'cpuset.cpus')).toBe('0');
  expect(cap('cpu', service, 'cpu.shares')).toBe('512');
  expect(cap('memory', service, 'memory.limit_in_bytes')).toBe(String(256 << 20));
  expect(cap('cpuset', own, 'cpuset.cpus')).toBe('0');
  expect(cap('cpuset', own, 'cpuset.mems')).toBe('0');
  expect(cap('cpu', own, 'cpu.shares')).toBe('256');
  expect(cap('cpu', own, 'cpu.cfs_quota_us')).toBe('50000');
  expect(cap('memory', own, 'memory.swappiness')).toBe('40');
  expect(cap('memory', own, 'memory.limit_in_bytes')).toBe(String(64 << 20));
  expect(cap('memory', own, 'memory.memsw.limit_in_bytes')).toBe(String(128 << 20));
  expect(cap('memory', own, 'memory.oom_control')).toMatch(/^oom_kill_disable 1$/m);
  expect(cap('blkio', own, 'blkio.bfq.weight')).toMatch(/300$/);
});

test.skipIf(!hasAll)('memory and swap grow and shrink together', () => {
  const name = `${unique}b`;
  const limits = (): string[] =>
    ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'].map((file) =>
      cap('memory', name, file),
    );
  const set = (memory: number, memoryAndSwap: number): CapProblem[] => {
    const problems: CapProblem[] = [];
    capGroups([{ name, caps: { memory, memoryAndSwap } }], {
      onRefused: (problem) => problems.push(problem),
    });
    return problems;
  };
  capped([{ name, caps: { memory: 64 << 20, memoryAndSwap: 96 << 20 } }]);
  expect(set(256 << 20, 512 << 20)).toEqual([]);
  expect(limits()).toEqual([String(256 << 20), String(512 << 20)]);
  expect(set(32 << 20, 48 << 20)).toEqual([]);
  expect(limits()).toEqual([String(32 << 20), String(48 << 20)]);
  // Less than memory alone: the kernel refuses, and it is said.
  expect(set(64 << 20, 32 << 20)).toMatchObject([{ kind: 'refused', cap: 'memory' }]);
});

test.skipIf(!hasAll)('a value that the kernel refuses costs that cap alone', () => {
  const name = `${unique}c`;
  const { problems } = capped([{ name, caps: { cpus: '4000', cpuShares: 300 } }]);
  expect(problems).toMatchObject([{ kind: 'refused', group: name, cap: 'cpus' }]);
  expect(problems[0]?.reason).toMatch(/^cpuset\.cpus = 4000: /);
  expect(cap('cpu', name, 'cpu.shares')).toBe('300');
});

test('no controller: nothing is made, each cap is told as missing', () => {
  const problems: CapProblem[] = [];
  const directories = capGroups([{ name: 'web', caps: { cpuShares: 512, memory: 1 << 20 } }], {
    find: () => undefined,
    onRefused: (problem) => problems.push(problem),
  });
  expect(directories).toEqual([]);
  expect(problems.map(({ kind, cap: name }) => `${kind} ${name}`)).toEqual([
    'missing cpuShares',
    'missing memory',
  ]);
});

/** A tree that has the files of version 2; a kernel would make them when a controller is passed on. */
function versionTwo(...groups: string[]): string {
  const top = join(temporary(), 'nodemgr');
  const files = ['cpu.weight', 'cpu.max', 'memory.max', 'memory.swap.max', 'io.weight'];
  for (const group of ['..', '.', ...groups]) {
    mkdirSync(join(top, group), { recursive: true });
    for (const file of ['cgroup.subtree_control', 'cpuset.cpus', 'cpuset.mems', ...files]) {
      writeFileSync(join(top, group, file), '');
    }
  }
  return top;
}

test('version 2 (files of a tree): weights and limits in its units, controllers passed on', () => {
  const top = versionTwo('web', 'web/app');
  const problems: CapProblem[] = [];
  const caps = {
    ...{ cpus: '0-2', mems: '0', cpuShares: 1024, processors: 1.5, swappiness: 10 },
    ...{ memory: 1 << 30, memoryAndSwap: 3 << 29, ioWeight: 500 },
  };
  capGroups([{ name: 'web/app', caps }], {
    find: () => ({ version: 2, directory: top }),
    onRefused: (problem) => problems.push(problem),
  });
  expect(problems).toEqual([]);
  const text = (file: string): string => readFileSync(join(top, 'web/app', file), 'utf8');
  expect(text('cpuset.cpus')).toBe('0-2');
  expect(text('cpu.weight')).toBe('39');
  expect(text('cpu.max')).toBe('150000 100000');
  expect(text('memory.max')).toBe(String(1 << 30));
  expect(text('memory.swap.max')).toBe(String(1 << 29));
  expect(text('io.weight')).toBe('4950');
  // A kernel appends; these files keep what was written last.
  for (const group of ['..', '.', 'web']) {
    expect(readFileSync(join(top, group, 'cgroup.subtree_control'), 'utf8'), group).toMatch(/^\+/);
  }
});

test.skipIf(!hasAll)(
  'a run joins its group in every hierarchy that caps it, and leaves nothing',
  async () => {
    const name = `${unique}d/app/app.1`;
    const place = temporary();
    const log = createLog({ file: join(place, 'log'), node: 'n', name: 's', now: Date.now });
    const run = createRunner({ log });
    const { stdout } = await run(['cat', '/proc/self/cgroup'], {
      cgroup: name,
      caps: [{ name: `${unique}d`, caps: { cpuShares: 200, memory: 64 << 20 } }],
    });
    for (const controller of ['cpu', 'memory']) {
      expect(stdout).toMatch(new RegExp(`:${controller}:/.*nodemgr/${name}/r\\.`));
    }
    for (const controller of ['cpu', 'memory'] as const) {
      const directory = findController(controller)?.directory ?? '';
      for (let group = name; group !== '.'; group = dirname(group))
        rmdirSync(join(directory, group));
    }
  },
);
