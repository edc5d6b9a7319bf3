/** What every entry of a fresh clone needs first: the modules, and the SQLite addon for this Node.js. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs node_modules as locked, when that has not been done or the lock file is newer, and builds
 * the addon anew when this Node.js cannot work with the one that is there.
 */
export function installModules(root) {
  const installed = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    console.log('installing modules (the SQLite addon is compiled: this takes a minute or two)');
    if (!npm(root, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])) {
      console.error('The modules cannot be installed: npm says above why.');
      process.exit(1);
    }
  }
  if (!addonWorks(root)) {
    console.log(`building the SQLite addon for Node.js ${process.versions.node}`);
    npm(root, ['rebuild', 'better-sqlite3', '--loglevel=error']);
  }
  if (!addonWorks(root)) {
    console.error('The SQLite addon cannot be compiled. It needs python3, make and g++:');
    console.error('  apt-get install python3 make g++');
    process.exit(1);
  }
}

/** The environment in which the addon is compiled. */
export function addonEnvironment(root) {
  const header = `-include ${join(root, 'scripts', 'object-wrap.h')}`;
  return { ...process.env, CXXFLAGS: [process.env.CXXFLAGS, header].filter(Boolean).join(' ') };
}

/** @returns whether it succeeded */
function npm(root, argv) {
  const { status } = spawnSync('npm', argv, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: addonEnvironment(root),
  });
  return status === 0;
}

/** Opens a database, prepares a statement and ends: a bad addon fails or aborts at one of these. */
function addonWorks(root) {
  const addon = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  const probe =
    "const D=require('better-sqlite3');const d=new D(':memory:',{nativeBinding:process.argv[1]});" +
    "for(let i=0;i<99;i++)d.prepare('select 1').get()";
  return (
    existsSync(addon) &&
    spawnSync(process.execPath, ['-e', probe, addon], { cwd: root }).status === 0
  );
}
