import { expect, test } from 'vitest';
import { createRunner } from '../../lib/exec/run.js';
import { parseApk } from '../../lib/host/apk.js';
import { parseDpkg, readDpkgPackages } from '../../lib/host/dpkg.js';
import { readPackages } from '../../lib/host/packages.js';
import { parsePacman } from '../../lib/host/pacman.js';
import { parseRpm } from '../../lib/host/rpm.js';
import { parseSnap, readSnapPackages } from '../../lib/host/snap.js';
import { captured, hostTree } from './tree.js';

const run = createRunner({ cgroups: null });

test('dpkg: installed and held, not removed ones', () => {
  const text = [
    'ii \tadduser\t3.134\tall',
    'hi \tlinux-image\t6.1.0-1\tamd64',
    'rc \told\t1\tamd64',
    'iU \thalf\t1\tamd64',
    'un \tnever\t\t',
    '',
  ].join('\n');
  expect(parseDpkg(text, (name) => (name === 'adduser' ? 5000 : null))).toEqual([
    { name: 'adduser', version: '3.134', arch: 'all', type: 'deb', installedAt: 5000 },
    { name: 'linux-image', version: '6.1.0-1', arch: 'amd64', type: 'deb', installedAt: null },
  ]);
});

test('dpkg: this host has what `dpkg -l` lists, with a date for each', async () => {
  const packages = await readDpkgPackages(run);
  const listed = (
    await run(['dpkg', '-l'], { env: { COLUMNS: '500' }, maxOutputBytes: 8 << 20 })
  ).stdout
    .split('\n')
    .filter((line) => /^.i/.test(line) && line.split(/\s+/).length > 4)
    .map((line) => line.split(/\s+/).slice(1, 4).join(' '));
  expect(packages?.map(({ name, version, arch }) => `${name} ${version} ${arch}`).sort()).toEqual(
    listed.map((line) => line.replace(/^([^ :]+):\S+/, '$1')).sort(),
  );
  expect(packages?.filter(({ installedAt }) => installedAt === null)).toEqual([]);
});

test('rpm: key of the signature, packages without one, keys as packages', () => {
  const text = [
    'bash\t5.1.8-9.el9\tx86_64\t1709633477\tRSA/SHA256, Mon 05 Feb 2024 10:00:00 AM UTC, Key ID 199e2f91fd431d51',
    'gpg-pubkey\tfd431d51-4ae0493b\t(none)\t1709633000\t(none)',
    'tiny-pkg\t1.2-3\tnoarch\t1709633001\t',
    'bad line',
    '',
  ].join('\n');
  expect(parseRpm(text)).toEqual([
    {
      name: 'bash',
      version: '5.1.8-9.el9',
      arch: 'x86_64',
      type: 'rpm',
      installedAt: 1_709_633_477_000,
      signature: '199e2f91fd431d51',
    },
    {
      name: 'gpg-pubkey',
      version: 'fd431d51-4ae0493b',
      arch: '',
      type: 'rpm',
      installedAt: 1_709_633_000_000,
    },
    {
      name: 'tiny-pkg',
      version: '1.2-3',
      arch: 'noarch',
      type: 'rpm',
      installedAt: 1_709_633_001_000,
    },
  ]);
});

test('snap', async () => {
  const text = `Name    Version    Rev    Tracking       Publisher    Notes
core22  20240111   1122   latest/stable  canonical**  base
lxd     5.0.3-abc  27037  5.0/stable     canonical**  -
`;
  expect(parseSnap(text, () => null)).toEqual([
    { name: 'core22', version: '20240111 rev 1122', arch: '', type: 'snap', installedAt: null },
    { name: 'lxd', version: '5.0.3-abc rev 27037', arch: '', type: 'snap', installedAt: null },
  ]);
  expect(parseSnap('', () => null)).toEqual([]);
  const root = hostTree({ 'var/lib/snapd/snaps/lxd_27037.snap': '' });
  const snaps = await readSnapPackages(
    captured({ 'snap list --unicode=never --color=never': text }),
    root,
  );
  expect(snaps?.map(({ installedAt }) => installedAt !== null)).toEqual([false, true]);
});

test('apk', () => {
  const text = `musl-utils-1.2.4-r2 x86_64 {musl} (MIT AND BSD-2-Clause) [installed]
py3-x-1.0_rc1-r0 noarch {py3-x} (MIT) [installed: upgradable to 1.1-r0]
WARNING: opening something
other-1.0-r0 x86_64 {other} (MIT)
`;
  expect(parseApk(text)).toEqual([
    { name: 'musl-utils', version: '1.2.4-r2', arch: 'x86_64', type: 'apk', installedAt: null },
    { name: 'py3-x', version: '1.0_rc1-r0', arch: 'noarch', type: 'apk', installedAt: null },
  ]);
});

test('pacman', () => {
  const text = `Name            : foo
Version         : 2:3.1-2
Description     : Name            : not this
Architecture    : x86_64
Optional Deps   : a: for b
                  c: for d
Install Date    : Tue Mar  5 11:11:17 2024

Name            : bar
Version         : 1.0-1
Architecture    : any
Install Date    : not a date
`;
  expect(parsePacman(text)).toEqual([
    {
      name: 'foo',
      version: '2:3.1-2',
      arch: 'x86_64',
      type: 'pacman',
      installedAt: new Date(2024, 2, 5, 11, 11, 17).getTime(),
    },
    { name: 'bar', version: '1.0-1', arch: 'any', type: 'pacman', installedAt: null },
  ]);
});

test('all managers together; none is not an error', async () => {
  expect(await readPackages(captured({}))).toBeUndefined();
  const some = await readPackages(
    captured({
      'snap list --unicode=never --color=never': 'Name Version Rev\na 1 2\n',
      'apk list --installed': 'b-1-r0 x86_64 {b} (MIT) [installed]\n',
    }),
  );
  expect(some?.map(({ name, type }) => `${type} ${name}`)).toEqual(['snap a', 'apk b']);
  expect((await readPackages(run))?.length).toBeGreaterThan(10);
});
