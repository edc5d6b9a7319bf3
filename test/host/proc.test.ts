import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem, uptime } from 'node:os';
import { expect, test } from 'vitest';
import { createRunner } from '../../lib/exec/run.js';
import { parseCpuinfo, readCpuinfo } from '../../lib/host/cpuinfo.js';
import { parseDiskstats, readDiskstats } from '../../lib/host/diskstats.js';
import { readKernel } from '../../lib/host/kernel.js';
import { parseLoadavg, readLoadavg } from '../../lib/host/loadavg.js';
import { parseMeminfo, readMeminfo } from '../../lib/host/meminfo.js';
import { parseNetDev, readNetDev } from '../../lib/host/net-dev.js';
import { parseProcStat, readProcStat } from '../../lib/host/proc-stat.js';
import { lastBoot, readUptime } from '../../lib/host/uptime.js';
import { utcOffset } from '../../lib/host/utc-offset.js';
import { hostTree } from './tree.js';

const run = createRunner({ cgroups: null });
const output = async (...argv: string[]) => (await run(argv)).stdout.trim();

test('stat: cpus, counters, and kernels with fewer columns', () => {
  const text = `cpu  10 1 5 100 2 0 1 3 4 5
cpu0 5 1 2 50 1 0 1
intr 1234 5 6
ctxt 5678
btime 1700000000
processes 42
procs_running 2
procs_blocked 1
softirq 9 1
`;
  expect(parseProcStat(text)).toEqual({
    cpus: [
      {
        cpu: 'all',
        ...{ user: 10, nice: 1, system: 5, idle: 100, iowait: 2, irq: 0, softirq: 1 },
        ...{ steal: 3, guest: 4, guestNice: 5 },
      },
      {
        cpu: '0',
        ...{ user: 5, nice: 1, system: 2, idle: 50, iowait: 1, irq: 0, softirq: 1 },
        ...{ steal: 0, guest: 0, guestNice: 0 },
      },
    ],
    contextSwitches: 5678,
    interrupts: 1234,
    forks: 42,
    running: 2,
    blocked: 1,
    bootTime: 1700000000,
  });
});

test('meminfo in bytes, counts as they are', () => {
  expect(parseMeminfo('MemTotal:  16 kB\nActive(anon): 2 kB\nHugePages_Total:   3\n')).toEqual({
    MemTotal: 16384,
    'Active(anon)': 2048,
    HugePages_Total: 3,
  });
});

test('loadavg', () => {
  expect(parseLoadavg('0.50 1.25 2.00 3/456 7890\n')).toEqual({
    one: 0.5,
    five: 1.25,
    fifteen: 2,
    runnable: 3,
    total: 456,
  });
});

test('diskstats: 11 columns of old kernels and 17 of new ones', () => {
  const [old, recent, ...rest] = parseDiskstats(
    `   8       0 sda 1 2 3 4 5 6 7 8 9 10 11
 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17
   8      16 sdb 1 2 3
`,
  );
  expect(old).toMatchObject({ device: 'sda', major: 8, reads: 1, weightedMs: 11, discards: 0 });
  expect(recent).toMatchObject({
    device: 'vda',
    minor: 0,
    sectorsRead: 3,
    writes: 5,
    sectorsWritten: 7,
    inFlight: 9,
    busyMs: 10,
    discards: 12,
    sectorsDiscarded: 14,
  });
  expect(rest).toEqual([]);
});

test('net/dev: a counter may follow the colon at once, an alias has a colon in its name', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0:123456789 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
`;
  expect(parseNetDev(text)).toEqual([
    {
      device: 'eth0',
      rxBytes: 123456789,
      rxPackets: 2,
      rxErrors: 3,
      rxDropped: 4,
      multicast: 8,
      txBytes: 9,
      txPackets: 10,
      txErrors: 11,
      txDropped: 12,
      collisions: 14,
    },
    expect.objectContaining({ device: 'eth0:1', rxBytes: 1 }),
  ]);
});

test('a host that hides everything gives empty values, not errors', () => {
  const root = hostTree({});
  expect(readProcStat(root).cpus).toEqual([]);
  expect(readMeminfo(root)).toEqual({});
  expect(readLoadavg(root).one).toBe(0);
  expect(readDiskstats(root)).toEqual([]);
  expect(readNetDev(root)).toEqual([]);
  expect(readUptime(root)).toEqual({ seconds: 0, idleSeconds: 0 });
  expect(readCpuinfo(root).model).toBeUndefined();
});

test('cpuinfo: two sockets with two cores of two threads', () => {
  const text = [0, 1, 2, 3, 4, 5, 6, 7]
    .map(
      (n) => `processor\t: ${n}\nmodel name\t: Xeon\ncpu MHz\t\t: 2596.134\nphysical id\t: ${n & 1}
core id\t\t: ${(n >> 1) & 1}\n`,
    )
    .join('\n');
  expect(parseCpuinfo(text)).toEqual({ mhz: 2596, threads: 8, cores: 4, dies: 2, model: 'Xeon' });
});

test('cpuinfo: without sockets a processor is a die; arm says Hardware or Model', () => {
  const arm =
    'processor\t: 0\nBogoMIPS : 38.40\n\nprocessor\t: 1\n\nHardware\t: BCM2835\nModel\t: Pi\n';
  expect(parseCpuinfo(arm)).toEqual({
    mhz: undefined,
    threads: 2,
    cores: 2,
    dies: 2,
    model: 'BCM2835',
  });
  const root = hostTree({
    'proc/cpuinfo': arm,
    'sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq': '1800000\n',
  });
  expect(readCpuinfo(root).mhz).toBe(1800);
});

test('offset from UTC on both sides of the clock change, and half hours', () => {
  expect(utcOffset(Date.UTC(2024, 0, 1))).toBe('+01:00');
  expect(utcOffset(Date.UTC(2024, 6, 1))).toBe('+02:00');
});

test('last boot to the second', () => {
  expect(lastBoot(1_700_000_100_400, { seconds: 100.2, idleSeconds: 0 })).toBe(1_700_000_000_000);
});

test('the readers agree with this host', async () => {
  const stat = readProcStat();
  expect(stat.cpus).toHaveLength(cpus().length + 1);
  expect(Math.abs(stat.bootTime * 1000 - lastBoot(Date.now(), readUptime()))).toBeLessThan(5000);
  const since = Date.parse(
    (await run(['uptime', '-s'], { env: { TZ: 'Europe/Paris' } })).stdout.trim(),
  );
  expect(Math.abs(since - lastBoot(Date.now(), readUptime()))).toBeLessThan(2000);
  expect(Math.abs(readUptime().seconds - uptime())).toBeLessThan(2);

  const memory = readMeminfo();
  expect(memory['MemTotal']).toBe(totalmem());
  expect(Math.abs((memory['MemAvailable'] ?? 0) - freemem())).toBeLessThan(totalmem() / 2);
  const free = (await output('free', '-b')).split('\n')[1]?.trim().split(/\s+/);
  expect(Number(free?.[1])).toBe(memory['MemTotal']);

  const blocks = (await output('lsblk', '-n', '-d', '-o', 'NAME', '-a')).split('\n');
  const disks = readDiskstats().map(({ device }) => device);
  for (const disk of blocks.map((name) => name.trim())) expect(disks).toContain(disk);
  const links = JSON.parse(await output('ip', '-j', 'link')) as { ifname: string }[];
  expect(
    readNetDev()
      .map(({ device }) => device)
      .sort(),
  ).toEqual(links.map(({ ifname }) => ifname).sort());
  expect(readLoadavg().total).toBeGreaterThan(1);

  const kernel = readKernel();
  expect(`${kernel.name} ${kernel.release} ${kernel.machine}`).toBe(await output('uname', '-srm'));
  expect(utcOffset(Date.now())).toBe(
    (await run(['date', '+%:z'], { env: { TZ: 'Europe/Paris' } })).stdout.trim(),
  );
  const cpu = readCpuinfo();
  expect(cpu.threads).toBe(cpus().length);
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  if (model) expect(cpu.model).toBe(model);
});
