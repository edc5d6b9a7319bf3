/**
 * `npm test`: installs what the tests need, builds, runs every test that this machine allows, and
 * names what was left out. As root on Debian it installs packages; elsewhere it says what is missing.
 *
 *   --node 24   run on that version, fetched from the registry, with the addon built for it
 *   --soak      run the long campaigns instead
 *   FILES       only these
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installModules } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const isRoot = process.getuid?.() === 0;

/** Debian packages, by the program that tells whether they are there. */
const tools = {
  cron: 'cron',
  dash: 'dash',
  faketime: 'faketime',
  strace: 'strace',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.btrfs': 'btrfs-progs',
  fuser: 'psmisc',
  arping: 'iputils-arping',
  exportfs: 'nfs-kernel-server',
  vgs: 'lvm2',
  busybox: 'busybox-static',
  ip: 'iproute2',
  '/usr/lib/ocf/resource.d/heartbeat/Dummy': 'resource-agents',
  ping: 'iputils-ping',
  podman: 'podman',
  runc: 'runc',
  sysctl: 'procps',
  rsync: 'rsync',
  '/usr/sbin/sshd': 'openssh-server',
  man: 'man-db',
  modprobe: 'kmod',
  script: 'bsdutils',
  setpriv: 'util-linux',
};

const words = process.argv.slice(2);
const major = words.includes('--node') ? words[words.indexOf('--node') + 1] : undefined;
if (words.includes('--node') && !/^\d+$/.test(major ?? '')) {
  console.error('--node wants a version: npm test -- --node 24');
  process.exit(2);
}
const isSoak = words.includes('--soak');
const files = words.filter((word) => !word.startsWith('--') && word !== major);

installModules(root);
let node = process.execPath;
if (major) {
  const { provideNode } = await import('./second-node.mjs');
  node = provideNode(root, major);
}
installTools();

const results = join(root, '.cache', 'test-results.json');
mkdirSync(dirname(results), { recursive: true });
rmSync(results, { force: true }); // those of another run would be told when this one breaks off
const { status } = spawnSync(
  node,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...(isSoak ? ['--config', 'vitest.soak.config.ts'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...files,
  ],
  { stdio: 'inherit', env: { ...process.env, ...(isRoot && { TEST_DISALLOW_SKIP: '1' }) } },
);

summarize();
process.exitCode = status ?? 1;

function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function missingTools() {
  return Object.entries(tools).filter(([program]) => !has(program));
}

function installTools() {
  const missing = missingTools();
  if (missing.length === 0 || !isRoot || !existsSync('/usr/bin/apt-get')) return;
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  const packages = missing.map(([, name]) => name);
  console.log(`installing ${packages.join(' ')}`);
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

function summarize() {
  if (!isRoot) console.log('left out: what needs root (cgroups, mounts, cron, other users)');
  for (const [program, name] of missingTools()) {
    console.log(`left out: tests with ${program} (Debian package ${name})`);
  }
  if (!existsSync(results)) return console.error('the tests broke off: there are no results');
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
    readFileSync(results, 'utf8'),
  );
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`Node.js ${version}${major ? ' (fetched)' : ''}`);
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
}
