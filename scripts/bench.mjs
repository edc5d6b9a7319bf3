/**
 * `npm run bench`: the start-up budgets of docs/design.md 8, as ratios to `node -e 0` of the same run.
 *
 * Commands are interleaved, in cron's small environment; each figure is a median. The table goes to
 * docs/performance.md; a broken budget ends with exit code 1. A noisy machine can ask for more runs:
 * `npm run bench -- 41`.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, hostname, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installModules } from './setup.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
installModules(root);
const build = spawnSync(process.execPath, ['scripts/build.mjs'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (build.status !== 0) throw new Error('the build failed: there is nothing to measure');

const runs = Math.max(15, Math.trunc(Number(process.argv[2] ?? 21)) || 0);
const node = process.execPath;
const nodemgr = join(root, 'dist/nodemgr.js');
const svcmgr = join(root, 'dist/svcmgr.js');
// What bin/tick starts: see there for the flag.
const fullTick = [node, '--no-rehash-snapshot', nodemgr, 'schedulers'];
const work = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'nodemgr-bench-'));
const Database = createRequire(import.meta.url)('better-sqlite3');
const environment = (place) => ({ PATH: '/usr/bin:/bin', SHELL: '/bin/sh', NODEMGR_ROOT: place });

/** Nothing of the node's own, no refresh of the status of services. */
const quietNode = [
  'checks',
  'stats_collection',
  'asset',
  'packages',
  'push_service_status',
  'resource_monitor',
]
  .map((section) => `[${section}]\nschedule =\n`)
  .join('');

/** A root with services that have three schedules each and nothing due. */
function idleRoot(services) {
  const place = join(work, `idle-${services}`);
  mkdirSync(join(place, 'etc'), { recursive: true });
  for (let n = 0; n < services; n++) {
    const task = (id, at) => `[task#${id}]\ncommand = /bin/true\nschedule = ${at} :31 * feb\n`;
    const text = `[DEFAULT]\n${task(1, '01:00')}${task(2, '02:00')}${task(3, '03:00')}`;
    writeFileSync(join(place, 'etc', `svc${n}.conf`), text, { mode: 0o600 });
  }
  writeFileSync(join(place, 'etc/node.conf'), quietNode, { mode: 0o600 });
  must(fullTick, place);
  must(fullTick, place);
  return place;
}

/** A root with services as they are: what start and status have to do. */
function serviceRoot(services) {
  const place = join(work, `services-${services}`);
  mkdirSync(join(place, 'etc'), { recursive: true });
  for (let n = 0; n < services; n++) {
    // The second node gives each service its sync#i0, the copy of its configuration.
    const text = `[DEFAULT]
nodes = ${hostname()} other
[fs#1]
type = flag
[app#1]
script = /bin/true
start = 1
stop = 1
check = 1
[task#1]
command = /bin/true
[task#2]
command = /bin/true
`;
    writeFileSync(join(place, 'etc', `svc${n}.conf`), text, { mode: 0o600 });
  }
  writeFileSync(join(place, 'etc/node.conf'), quietNode, { mode: 0o600 });
  must([node, svcmgr, 'print', 'status'], place);
  return place;
}

function must(argv, place) {
  const { status, stderr } = spawnSync(argv[0], argv.slice(1), { env: environment(place) });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${status} ${stderr}`);
}

/** Wall time of one process in ms, and its largest memory in MiB where it was asked for. */
function once({ argv, place }) {
  const env = environment(place ?? work);
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(argv[0], argv.slice(1), {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ms = Number(process.hrtime.bigint() - began) / 1e6;
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${status} ${stderr}`);
  return ms;
}

function peakMiB(argv, place) {
  const probe = join(work, 'peak.cjs');
  writeFileSync(probe, "process.on('exit',()=>process._rawDebug(process.resourceUsage().maxRSS))");
  const { stderr } = spawnSync(argv[0], ['-r', probe, ...argv.slice(1)], {
    env: environment(place),
    encoding: 'utf8',
  });
  return Math.round(Number(stderr.trim().split('\n').at(-1)) / 1024);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const one = serviceRoot(1);
const thousand = serviceRoot(1000);
const places = { 1: idleRoot(1), 1000: idleRoot(1000), 10000: idleRoot(10000) };
// The guard leaves while next_due lies ahead; a bench must not end in another hour.
for (const place of Object.values(places)) {
  const later = Date.now() / 1000 + 3000;
  utimesSync(join(place, 'run/next_due'), later, later);
}

const rows = [
  { name: 'node -e 0', argv: [node, '-e', '0'] },
  { name: 'dash -c :', argv: ['/bin/dash', '-c', ':'] },
  {
    name: 'idle tick behind the guard, 1,000 services',
    argv: [join(root, 'bin/tick')],
    place: places[1000],
    budget: 0.25,
    dash: 8,
  },
  ...[
    [1, 1.25],
    [1000, 1.5],
    [10000, 3.2],
  ].map(([services, budget]) => ({
    name: `idle \`nodemgr schedulers\`, ${services.toLocaleString('en')} service${services > 1 ? 's' : ''}`,
    argv: fullTick,
    place: places[services],
    budget,
    memory: 60,
  })),
  {
    name: '`nodemgr print schedule`',
    argv: [node, nodemgr, 'print', 'schedule'],
    place: places[1],
    budget: 1.5,
  },
  ...[
    ['`svcmgr -s X print status` (last known)', ['-s', 'svc0', 'print', 'status'], 1.8],
    ['`svcmgr -s X print status --refresh`', ['-s', 'svc0', 'print', 'status', '--refresh'], 3],
    ['`svcmgr -s X start`', ['-s', 'svc0', 'start'], 4],
    ['`svcmgr -s X stop`', ['-s', 'svc0', 'stop'], 4],
  ].map(([name, words, budget]) => ({ name, argv: [node, svcmgr, ...words], place: one, budget })),
  {
    name: '`svcmgr print status`, 1,000 services, last known',
    argv: [node, svcmgr, 'print', 'status'],
    place: thousand,
    budget: 5,
    runs: 5,
  },
  {
    name: '`svcmgr print status --refresh`, 1,000 services',
    argv: [node, svcmgr, 'print', 'status', '--refresh'],
    place: thousand,
    budget: 40,
    runs: 5,
  },
];

try {
  const times = rows.map(() => []);
  for (const row of rows) once(row); // warm caches: a cold start says nothing about a minute job
  for (let n = 0; n < runs; n++) {
    for (const [at, row] of rows.entries()) if (n < (row.runs ?? runs)) times[at].push(once(row));
  }
  const base = median(times[0]);
  const dash = median(times[1]);
  const table = rows.map((row, at) => {
    const ms = median(times[at]);
    const mib = row.memory === undefined ? undefined : peakMiB(row.argv, row.place);
    const broken =
      (row.budget !== undefined && ms / base > row.budget) ||
      (row.dash !== undefined && ms / dash > row.dash) ||
      (mib !== undefined && mib > row.memory);
    return { ...row, ms, ratio: ms / base, toDash: ms / dash, mib, broken };
  });
  table.push(await hundredDue());
  report(table);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** A tick with 100 due tasks of /bin/true in 100 services, until the ledger has all of them. */
async function hundredDue() {
  const place = join(work, 'due');
  mkdirSync(join(place, 'etc'), { recursive: true });
  for (let n = 0; n < 100; n++) {
    const text = '[task#1]\ncommand = /bin/true\nschedule = @1\n';
    writeFileSync(join(place, 'etc', `svc${n}.conf`), text, { mode: 0o600 });
  }
  writeFileSync(join(place, 'etc/node.conf'), quietNode, { mode: 0o600 });
  must(fullTick, place);
  await recorded(place, 100);
  const bases = [];
  const totals = [];
  for (let n = 0; n < 15; n++) {
    bases.push(once(rows[0]));
    const store = new Database(join(place, 'var/nodemgr.db'));
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    store.exec(
      `DELETE FROM last_run; DELETE FROM run; UPDATE task SET next_due = ${minute} WHERE next_due IS NOT NULL`,
    );
    store.close();
    const began = performance.now();
    must(fullTick, place);
    await recorded(place, 100);
    totals.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 60)); // the worker's own end
  }
  const base = median(bases);
  const ms = median(totals);
  const budget = 10;
  return {
    name: 'tick with 100 due tasks in 100 services, until all are recorded',
    ms,
    ratio: ms / base,
    budget,
    broken: ms / base > budget,
  };
}

async function recorded(place, count) {
  const store = new Database(join(place, 'var/nodemgr.db'), { readonly: true });
  const ended = store.prepare(
    "SELECT count(*) AS n FROM run WHERE state = 'ok' AND section LIKE 'task#%'",
  );
  const deadline = performance.now() + 30_000;
  while (ended.get().n < count) {
    if (performance.now() > deadline) throw new Error('the due tasks were not recorded in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  store.close();
}

function report(table) {
  const lines = table.map(({ name, ms, ratio, toDash, dash, budget, memory, mib, broken }) => {
    const limits = [
      budget === undefined ? undefined : `≤ ${budget}`,
      dash === undefined ? undefined : `≤ ${dash} × dash (${toDash.toFixed(1)})`,
      memory === undefined ? undefined : `≤ ${memory} MiB (${mib})`,
    ].filter(Boolean);
    const mark = limits.length === 0 ? '' : broken ? '**broken**' : 'kept';
    return `| ${name} | ${ms.toFixed(1)} ms | ${ratio.toFixed(2)} | ${limits.join(', ')} | ${mark} |`;
  });
  const head = ['| what | median | ratio | budget | |', '|---|---|---|---|---|'];
  const text = [...head, ...lines].join('\n');
  console.log(text);
  const page = join(root, 'docs/performance.md');
  const facts =
    `Measured by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node.js ` +
    `${process.versions.node}, Linux ${release()}, ${cpus().length} cores, ${runs} interleaved runs ` +
    "each, medians, whole processes, cron's environment, files on tmpfs.";
  const block = `<!-- bench: made by npm run bench -->\n${facts}\n\n${text}\n<!-- /bench -->`;
  const old = existsSync(page) ? readFileSync(page, 'utf8') : '# Performance\n\n';
  const marked = /<!-- bench:[\s\S]*<!-- \/bench -->/;
  writeFileSync(page, marked.test(old) ? old.replace(marked, () => block) : `${old}${block}\n`);
  const broken = table.filter((row) => row.broken);
  for (const { name } of broken) console.error(`budget broken: ${name}`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}
