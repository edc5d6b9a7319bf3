/**
 * `npm test`: installs what the tests need, builds, runs every test that this machine allows, and
 * names what was left out. As root on Debian it installs packages; elsewhere it says what is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

const run = (argv, options = {}) =>
  spawnSync(argv[0], argv.slice(1), { stdio: 'inherit', ...options }).status ?? 1;

/** Debian packages by the program that tells whether they are there. */
const tools = {
  cron: 'cron',
  dash: 'dash',
  faketime: 'faketime',
  strace: 'strace',
  'mkfs.ext4': 'e2fsprogs',
  ip: 'iproute2',
  man: 'man-db',
  script: 'bsdutils',
};

const setup = await import('./setup.mjs');
setup.installModules(root);

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const missing = Object.entries(tools).filter(([program]) => !has(program));
if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const packages = missing.map(([, name]) => name);
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  run(['apt-get', 'update', '-qq'], quiet);
  run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], quiet);
}

const isSoak = process.argv.includes('--soak');
const files = process.argv.slice(2).filter((word) => word !== '--soak');
const code = run(
  [
    process.execPath,
    'node_modules/vitest/vitest.mjs',
    'run',
    ...(isSoak ? ['--config', 'vitest.soak.config.ts'] : []),
    ...files,
  ],
  { env: { ...process.env, ...(process.getuid?.() === 0 ? { TEST_DISALLOW_SKIP: '1' } : {}) } },
);

const absent = Object.entries(tools).filter(([program]) => !has(program));
if (process.getuid?.() !== 0)
  console.log('left out: what needs root (cgroups, mounts, cron, other users)');
for (const [program, name] of absent)
  console.log(`left out: tests with ${program} (Debian package ${name})`);
process.exitCode = code;
