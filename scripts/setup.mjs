/** What every entry of a fresh clone needs first: the modules, and the SQLite addon built. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Installs node_modules as locked, when that has not been done or the lock file is newer. */
export function installModules(root) {
  const installed = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  const addon = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  const fresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
  if (fresh && existsSync(addon)) return;
  console.log('installing modules (the SQLite addon is compiled: this takes a minute or two)');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0 || !existsSync(addon)) {
    console.error(
      'npm ci did not get through. To compile the SQLite addon it needs python3, make and g++:',
    );
    console.error('  apt-get install python3 make g++');
    process.exit(1);
  }
}
