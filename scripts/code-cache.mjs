/**
 * Makes the code caches of a fresh dist/: what V8 compiled of each pack while the hot commands ran, so
 * that their next start compiles nothing (docs/performance.md). `bin/load-pack.cjs` reads them.
 *
 * One cache belongs to one set of V8 flags: people's commands, the tick and the worker have their own.
 * The commands run for real, in a throw-away root with one due task.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const preload = join(dirname(fileURLToPath(import.meta.url)), 'keep-code.cjs');
const tick = { flags: ['--no-rehash-snapshot'], words: ['schedulers'] };
const people = [
  ['nodemgr', 'print', 'schedule'],
  ['nodemgr', 'print', 'runs'],
  ['svcmgr', 'print', 'schedule'],
  ['svcmgr', 'web', 'start'],
  ['svcmgr', 'web', 'print', 'status'],
  ['svcmgr', 'web', 'print', 'status', '--refresh'],
  ['svcmgr', 'web', 'stop'],
];

/** @param dist the directory with the programs and packs */
export function makeCodeCaches(dist) {
  const root = mkdtempSync(join(tmpdir(), 'nodemgr-code-'));
  const workerLine = join(root, 'worker.json');
  const run = (program, { flags, words }) => {
    const argv = [...flags, '-r', preload, join(dist, `${program}.js`), ...words];
    const { status, stderr } = spawnSync(process.execPath, argv, {
      env: { PATH: '/usr/bin:/bin', NODEMGR_ROOT: root, WORKER_LINE: workerLine },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${status} ${stderr}`);
  };
  try {
    mkdirSync(join(root, 'etc'));
    const task = '[task#1]\ncommand = /bin/echo\nschedule = @1\n[fs#1]\ntype = flag\n';
    writeFileSync(join(root, 'etc/web.conf'), task, { mode: 0o600 });
    run('nodemgr', tick);
    run('nodemgr', JSON.parse(readFileSync(workerLine, 'utf8')));
    run('nodemgr', tick); // nothing is due now: the way through an idle tick is compiled as well
    for (const [program, ...words] of people) run(program, { flags: [], words });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
