/** File systems that are mounted: real ones, on loop devices. */
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ability } from '../support/can.js';
import { conformance, type DriverCase } from './conformance.js';
import type { Rig } from './rig.js';
import { attach, detachAll, loopsOf, mountsOf, sh } from './storage.js';

type Place = Pick<Rig, 'place'>;
const imageOf = ({ place }: Place): string => join(place, 'image');
const mntOf = ({ place }: Place): string => join(place, 'mnt');

/** A tmpfs of somebody else where ours should be. */
const foreign: NonNullable<DriverCase['foreign']> = {
  make: (rig) => {
    mkdirSync(mntOf(rig), { recursive: true });
    sh(`mount -t tmpfs foreign ${mntOf(rig)} && touch ${mntOf(rig)}/kept`);
  },
  isIntact: (rig) => existsSync(join(mntOf(rig), 'kept')),
};

const shared = {
  cleanUp: detachAll,
  isUp: (rig: Rig) => mountsOf(rig).length > 0,
  // A dry run attaches nothing: it has the name of the file.
  asPlanned: (line: string, rig: Rig) =>
    line.includes(' is attached to ') ? undefined : line.replace(/\/dev\/loop\d+/, imageOf(rig)),
  traces: (rig: Rig) => [...mountsOf(rig), ...loopsOf(rig)].join('\n'),
  foreign,
};

interface OnDisk {
  readonly type: 'ext2' | 'ext3' | 'ext4' | 'xfs' | 'btrfs';
  readonly size: string;
  readonly needs: readonly Ability[];
  /** Two btrfs with one label are one to the kernel. */
  readonly id?: string;
  readonly options?: string;
}

const onDisk: readonly OnDisk[] = [
  { type: 'ext2', size: '8m', needs: ['loop'] },
  { type: 'ext3', size: '8m', needs: ['loop'] },
  { type: 'ext4', size: '8m', needs: ['loop'], options: 'noatime' },
  { type: 'xfs', size: '310m', needs: ['loop', 'xfs'] },
  { type: 'btrfs', size: '120m', needs: ['loop', 'btrfs'], id: `b${process.pid}` },
];

for (const { type, size, needs, id = '1', options } of onDisk) {
  conformance({
    ...shared,
    name: `fs.${type} on a loop device`,
    needs,
    rid: `fs#${id}`,
    config: (place) => `[disk#1]
type = loop
file = ${imageOf({ place })}
size = ${size}

[fs#${id}]
type = ${type}
dev = ${imageOf({ place })}
mnt = ${mntOf({ place })}
${options ? `mnt_opt = ${options}` : ''}
`,
    prepare: (rig) => {
      writeFileSync(imageOf(rig), '');
      truncateSync(imageOf(rig), Number.parseInt(size, 10) << 20);
      sh(`mkfs.${type} ${type.startsWith('ext') ? '-F' : '-f'} -q ${imageOf(rig)}`);
    },
    // Attached and not mounted, with its mount point made.
    half: (rig) => {
      attach(imageOf(rig));
      mkdirSync(mntOf(rig), { recursive: true });
    },
    halfStatus: 'down',
    provisions: { exists: (rig) => existsSync(mntOf(rig)) },
  });
}

conformance({
  ...shared,
  name: 'fs.tmpfs',
  needs: ['mount'],
  rid: 'fs#1',
  config: (place) => `[fs#1]
type = tmpfs
dev = none
mnt = ${mntOf({ place })}
mnt_opt = size=1m
`,
  half: (rig) => void mkdirSync(mntOf(rig), { recursive: true }),
  halfStatus: 'down',
});

conformance({
  ...shared,
  name: 'fs.bind',
  needs: ['mount'],
  rid: 'fs#1',
  config: (place) => `[fs#1]
type = none
dev = ${join(place, 'source')}
mnt = ${mntOf({ place })}
mnt_opt = bind
`,
  prepare: (rig) => void mkdirSync(join(rig.place, 'source')),
  half: (rig) => void mkdirSync(mntOf(rig), { recursive: true }),
  halfStatus: 'down',
});
