/** Readers of storage: loop devices, files, places, block devices. */
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../lib/env/clock.js';
import { createRunner, type Run } from '../../lib/exec/run.js';
import { loopFile, readBlockDevice } from '../../lib/host/block-device.js';
import { factsOf, parseStat, readFileFacts, statArgv } from '../../lib/host/file-facts.js';
import { askPlaces } from '../../lib/host/hanging.js';
import { loopsOf, parseLosetup } from '../../lib/host/losetup.js';
import { type Mount, readMounts } from '../../lib/host/mounts.js';
import { mountOf, placeOf } from '../../lib/host/place.js';
import { temporary } from '../exec/probe.js';
import { hostTree } from './tree.js';

const run = createRunner({ cgroups: null });

const listed = `{
   "loopdevices": [
      {
         "name": "/dev/loop0",
         "back-file": "/srv/a.img",
         "back-ino": 4244108,
         "back-maj:min": "     254:0  "
      },{
         "name": "/dev/loop1",
         "back-file": "/srv/b.img (deleted)",
         "back-ino": 77,
         "back-maj:min": "254:0"
      }
   ]
}
`;

test('losetup: padded numbers, deleted files', () => {
  expect(parseLosetup(listed)).toEqual([
    { device: '/dev/loop0', file: '/srv/a.img', inode: 4244108, deviceNumber: '254:0' },
    { device: '/dev/loop1', file: '/srv/b.img (deleted)', inode: 77, deviceNumber: '254:0' },
  ]);
});

test.each([
  { text: '', why: 'older ones print nothing' },
  { text: '{\n   "loopdevices": [\n\n   ]\n}\n', why: 'newer ones an empty list' },
])('losetup without devices: $why', ({ text }) => {
  expect(parseLosetup(text)).toEqual([]);
});

const holders = [
  { path: '/srv/a.img', inode: 4244108, on: '254:0', found: ['/dev/loop0'], why: 'same inode' },
  { path: '/x', inode: 4244108, on: '254:0', found: ['/dev/loop0'], why: 'by another name' },
  { path: '/srv/a.img', inode: 1, on: '254:0', found: [], why: 'another file of that name' },
  { path: '/srv/a.img', inode: 4244108, on: '8:1', found: [], why: 'on another file system' },
  { path: '/srv/b.img', inode: undefined, on: '', found: ['/dev/loop1'], why: 'it was deleted' },
  { path: '/srv/a.img', inode: undefined, on: '', found: [], why: 'missing, not deleted' },
];

test.each(holders)('$path ($inode on $on) is held by $found: $why', (row) => {
  const facts = row.inode === undefined ? undefined : { inode: row.inode, deviceNumber: row.on };
  const devices = loopsOf(parseLosetup(listed), row.path, facts).map(({ device }) => device);
  expect(devices).toEqual(row.found);
});

test('stat: what the command prints is what the system call says', async () => {
  for (const path of ['/', '/dev/null', '/dev/loop0', '/etc/passwd', '/proc/version']) {
    const { stdout } = await run([...statArgv, path]);
    expect(parseStat(stdout), path).toEqual(factsOf(statSync(path)));
  }
  expect(factsOf(statSync('/dev/null'))).toMatchObject({ kind: 'char', ownDeviceNumber: '1:3' });
  expect(factsOf(statSync('/dev'))).toMatchObject({ kind: 'directory', mode: 0o755, uid: 0 });
  expect(parseStat('')).toBeUndefined();
  expect(parseStat('stat: no such file')).toBeUndefined();
});

function mount(mountPoint: string, type = 'ext4', deviceNumber = '8:1'): Mount {
  return { device: '/dev/x', mountPoint, type, options: [], deviceNumber, root: '/' };
}

const table = [mount('/'), mount('/srv', 'ext4', '8:2'), mount('/srv/a', 'nfs', '0:50')];

const deepest = [
  { path: '/srv/a/b', point: '/srv/a' },
  { path: '/srv/a', point: '/srv/a' },
  { path: '/srv/ab', point: '/srv' },
  { path: '/srvx', point: '/' },
  { path: '/', point: '/' },
];

test.each(deepest)('$path lies on $point', ({ path, point }) => {
  expect(mountOf(path, table)?.mountPoint).toBe(point);
});

test('of two mounts on one point the last counts', () => {
  expect(mountOf('/srv/a/x', [...table, mount('/srv/a', 'tmpfs', '0:51')])?.type).toBe('tmpfs');
});

test('links are followed where nothing can hang, and no further', () => {
  const place = temporary();
  mkdirSync(join(place, 'real/dead'), { recursive: true });
  symlinkSync('real', join(place, 'link'));
  symlinkSync(join(place, 'real/dead/below'), join(place, 'absolute'));
  symlinkSync('loop', join(place, 'loop'));
  // The directory is there and asking would tell: the table alone says that it may hang.
  const mounts = [...readMounts(), mount(join(place, 'real/dead'), 'nfs', '0:999')];
  expect(placeOf(join(place, 'link/x'), mounts)).toMatchObject({
    path: join(place, 'real/x'),
    isSafe: true,
  });
  expect(placeOf(join(place, 'link/../link/dead/x/y'), readMounts()).isSafe).toBe(true);
  expect(placeOf(join(place, 'link/dead/x/y'), mounts)).toMatchObject({
    path: join(place, 'real/dead/x/y'),
    isSafe: false,
    mount: { type: 'nfs' },
  });
  expect(placeOf(join(place, 'absolute'), mounts)).toMatchObject({
    path: join(place, 'real/dead/below'),
    isSafe: false,
  });
  expect(placeOf(join(place, 'loop'), mounts).isSafe).toBe(true);
});

test('a file on what may hang is looked at by a child', async () => {
  const place = temporary();
  writeFileSync(join(place, 'file'), 'four');
  const mounts = [...readMounts(), mount(place, 'nfs', '0:999')];
  const asked: string[] = [];
  const ask = askPlaces({ run, clock: systemClock, directory: join(temporary(), 'h') });
  const look = (name: string) =>
    readFileFacts(
      (at, argv, options) => {
        asked.push(at);
        return ask(at, argv, options);
      },
      mounts,
      join(place, name),
      1000,
    );
  expect(await look('file')).toMatchObject({ state: 'exists', facts: { sizeBytes: 4 } });
  expect(await look('none')).toEqual({ state: 'missing' });
  expect(asked).toEqual([place, place]);
  const silent = await readFileFacts(
    (at, _argv, options) => ask(at, ['sleep', '60'], options),
    mounts,
    join(place, 'file'),
    100,
  );
  // A sleep can be ended: nothing hangs there.
  expect(silent).toMatchObject({ state: 'silent', pid: undefined });
});

test('who waits in line for a silent place gets its answer', async () => {
  let started = 0;
  const counting: Run = (argv, options) => {
    started += 1;
    return run(argv, options);
  };
  const ask = askPlaces({ run: counting, clock: systemClock, directory: join(temporary(), 'h') });
  const began = performance.now();
  const answers = await Promise.all(
    [1, 2, 3].map(() => ask('/dead', ['sleep', '60'], { timeoutMs: 300 })),
  );
  expect(answers.map(({ state }) => state)).toEqual(['silent', 'silent', 'silent']);
  expect(performance.now() - began).toBeLessThan(1000);
  expect(started).toBe(1);
  expect(await ask('/dead', ['true'], { timeoutMs: 300 })).toMatchObject({ state: 'answered' });
});

test('places with long names are told apart', async () => {
  const ask = askPlaces({ run, clock: systemClock, directory: join(temporary(), 'h') });
  const places = ['a', 'b'].map((head) => `/${head}${'/directory'.repeat(40)}`);
  const [dead, alive] = await Promise.all([
    ask(places[0] ?? '', ['sleep', '60'], { timeoutMs: 300 }),
    ask(places[1] ?? '', ['true'], { timeoutMs: 5000 }),
  ]);
  expect([dead.state, alive.state]).toEqual(['silent', 'answered']);
});

test('who comes to ask only after its deadline leaves no record behind', async () => {
  const ask = askPlaces({ run, clock: systemClock, directory: join(temporary(), 'h') });
  const monotonic = vi.spyOn(systemClock, 'monotonic').mockReturnValueOnce(0);
  const first = await ask('/x', ['true'], { timeoutMs: 5000 });
  expect(monotonic).toHaveBeenCalled();
  monotonic.mockRestore();
  expect(first.state).toBe('answered');
  expect(await ask('/x', ['true'], { timeoutMs: 300 })).toMatchObject({ state: 'answered' });
});

test('a place is asked where nothing can be remembered', async () => {
  const file = join(temporary(), 'no-directory');
  writeFileSync(file, '');
  const ask = askPlaces({ run, clock: systemClock, directory: file });
  const began = performance.now();
  expect(await ask('/x', ['echo', 'yes'], { timeoutMs: 5000 })).toMatchObject({
    state: 'answered',
    result: { stdout: 'yes\n' },
  });
  expect(performance.now() - began).toBeLessThan(2500);
});

test('block devices of a captured tree', () => {
  const root = hostTree({
    'sys/class/block/loop7/dev': '7:7\n',
    'sys/class/block/loop7/holders/dm-3': '',
    'sys/class/block/loop7/loop/backing_file': '/srv/a.img\n',
  });
  expect(readBlockDevice('/dev/loop7', root)).toEqual({
    name: 'loop7',
    number: '7:7',
    holders: ['dm-3'],
  });
  expect(readBlockDevice('/dev/none', root)).toBeUndefined();
  expect(loopFile('/dev/loop7', root)).toBe('/srv/a.img');
  expect(loopFile('/dev/sda', root)).toBeUndefined();
});
