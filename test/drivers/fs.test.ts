/** fs drivers, on real file systems. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { conformance } from './conformance.js';
import type { Rig } from './rig.js';

const below = (directory: string): string =>
  existsSync(directory) ? readdirSync(directory, { recursive: true }).sort().join('\n') : '';

conformance({
  name: 'fs.flag',
  rid: 'fs#1',
  config: () => '[fs#1]\ntype = flag\n',
  isUp: ({ paths }) => existsSync(join(paths.run, 'flag/svc/svc1/fs#1.flag')),
  traces: ({ paths }) =>
    below(join(paths.run, 'flag')).includes('fs#1.flag') ? 'the flag' : 'no flag',
});

const directory = ({ place }: Pick<Rig, 'place'>): string => join(place, 'a/b');

conformance({
  name: 'fs.directory',
  rid: 'fs#1',
  config: (place) => `[fs#1]\ntype = directory\npath = ${directory({ place })}\nperm = 0750\n`,
  up: 'n/a',
  staysUp: true,
  isUp: (rig) => existsSync(directory(rig)),
  half: (rig) => void mkdirSync(directory(rig), { recursive: true, mode: 0o755 }),
  halfStatus: 'warn',
  traces: (rig) => {
    const stat = statSync(directory(rig), { throwIfNoEntry: false });
    return `${existsSync(join(rig.place, 'a'))} ${stat?.mode.toString(8)}`;
  },
});
