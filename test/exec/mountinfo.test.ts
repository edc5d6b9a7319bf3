import { expect, test } from 'vitest';
import { parseMountinfo } from '../../lib/exec/mountinfo.js';

test('mount points with blanks and optional fields', () => {
  const text = [
    '36 35 98:0 /sub /mnt/a\\040b rw,noatime shared:1 master:2 - ext3 /dev/ro\\134ot rw,errors=continue',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
    'broken',
    '',
  ].join('\n');
  expect(parseMountinfo(text)).toEqual([
    {
      id: 36,
      parentId: 35,
      device: '98:0',
      root: '/sub',
      mountPoint: '/mnt/a b',
      options: ['rw', 'noatime'],
      type: 'ext3',
      source: '/dev/ro\\ot',
      superOptions: ['rw', 'errors=continue'],
    },
    expect.objectContaining({ type: 'cgroup2', mountPoint: '/sys/fs/cgroup/unified' }),
  ]);
});
