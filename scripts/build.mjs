/**
 * Bundles the programs into `dist/`. With `--readable` names stay as they are in the sources: to read
 * the stack of a bug; short names start 2 ms sooner.
 *
 * esbuild splits code only for ES modules, while a CommonJS entry starts a fifth faster (docs/
 * performance.md). So there are two passes: one bundles and splits, the other turns each chunk into
 * CommonJS. A module stands in exactly one chunk: classes and state are shared by all of them.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { makeCodeCaches } from './code-cache.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
let out = join(root, 'dist');
const programs = ['nodemgr', 'svcmgr', 'om'];

/**
 * What loads together: the idle tick, a tick with work and the worker, the commonest commands and
 * drivers.
 */
const packs = [
  ['tick', ['bin/nodemgr.ts']],
  ['full', ['lib/scheduler/full-tick.ts', 'lib/exec/detach.ts']],
  [
    'work',
    [
      'lib/scheduler/worker.ts',
      'lib/service/run-task.ts',
      'lib/drivers/task/host.ts',
      'lib/exec/run.ts',
    ],
  ],
  [
    'nodemgr',
    [
      'lib/cli/nodemgr/program.ts',
      'lib/cli/nodemgr/print-schedule.ts',
      'lib/render/emit.ts',
      'lib/render/colour.ts',
    ],
  ],
  [
    'svcmgr',
    [
      'lib/cli/svcmgr/program.ts',
      'lib/cli/svcmgr/print-schedule.ts',
      'lib/cli/svcmgr/print-status.ts',
      'lib/cli/split-words.ts',
      'lib/render/emit.ts',
      'lib/render/colour.ts',
    ],
  ],
  ['action', ['lib/cli/svcmgr/action.ts', 'lib/cli/svcmgr/refresh-instances.ts']],
  [
    'drivers',
    [
      'lib/drivers/app/forking.ts',
      'lib/drivers/app/simple.ts',
      'lib/drivers/disk/loop.ts',
      'lib/drivers/fs/ext4.ts',
      'lib/drivers/fs/flag.ts',
      'lib/drivers/fs/xfs.ts',
      'lib/drivers/ip/host.ts',
      'lib/drivers/sync/config.ts',
    ],
  ],
];

function filesBelow(directory) {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Changes whenever anything that decides behaviour changes: an upgrade makes the index new. */
function buildId() {
  const hash = createHash('sha256');
  for (const file of ['bin', 'lib', 'schedules'].flatMap(filesBelow))
    hash.update(readFileSync(file));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  return hash.digest('hex').slice(0, 12);
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const bundle = await build({
  absWorkingDir: root,
  entryPoints: programs.map((name) => `bin/${name}.ts`),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outdir: out,
  entryNames: '[name]',
  chunkNames: '[name]-[hash]',
  write: false,
  metafile: true,
  logLevel: 'warning',
  // better-sqlite3 searches its addon with these; it is always given by path (lib/sqlite).
  alias: { bindings: './scripts/no-bindings.cjs' },
  define: {
    NODEMGR_BUNDLED: 'true',
    NODEMGR_BUILD: JSON.stringify(buildId()),
    NODEMGR_VERSION: JSON.stringify(version),
  },
});

// Built beside the old one and put in its place at the end: ticks may run meanwhile.
const place = out;
out = mkdtempSync(`${place}-`);
const addons = existsSync(place) ? readdirSync(place).filter((name) => name.endsWith('.node')) : [];
for (const name of addons) copyFileSync(join(place, name), join(out, name));

/** Every chunk as CommonJS, by file name. */
const chunks = new Map();
for (const { path, text } of bundle.outputFiles) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__moduleUrl' },
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: !process.argv.includes('--readable'),
    legalComments: 'none',
  });
  const url = code.includes('__moduleUrl')
    ? 'const __moduleUrl=require("node:url").pathToFileURL(__filename).href;'
    : '';
  chunks.set(basename(path), url + code.replace(/^#!.*\n/, '').replace(/^"use strict";/, ''));
}

const outputs = new Map(
  Object.entries(bundle.metafile.outputs).map(([path, output]) => [basename(path), output]),
);
const packOf = assignPacks();
for (const name of new Set(packOf.values())) writePack(name);
for (const [name, code] of chunks) {
  if (packOf.has(name)) continue;
  const isProgram = programs.some((program) => name === `${program}.js`);
  const shebang = isProgram ? '#!/usr/bin/env node\n' : '';
  writeFileSync(join(out, name), `${shebang}"use strict";${link(code, undefined)}`, {
    mode: isProgram ? 0o755 : 0o644,
  });
}

/**
 * Opening a file costs more than reading it, and splitting makes many small chunks. So the chunks
 * that the hot verbs load statically go into few files: one for the idle tick, one for each verb
 * group, one for what several groups share. Every other file asks there.
 */
function assignPacks() {
  const [[first, firstEntries], ...groups] = packs;
  const assigned = new Map([...closure(firstEntries)].map((name) => [name, first]));
  const reached = groups.map(([pack, entries]) => [pack, closure(entries)]);
  for (const [pack, names] of reached) {
    for (const name of names) {
      if (assigned.get(name) === first) continue;
      const owners = reached.filter(([, others]) => others.has(name)).map(([owner]) => owner);
      assigned.set(name, owners.length > 1 ? commonPack(owners) : pack);
    }
  }
  // A module that is also imported dynamically has a chunk that only passes its exports on.
  for (const [name, { inputs, imports }] of outputs) {
    const packs = imports.map(({ path }) => assigned.get(basename(path)));
    if (Object.keys(inputs).length > 0 || assigned.has(name) || packs.includes(undefined)) continue;
    // Not with the idle tick, which needs none of them.
    assigned.set(name, packs.findLast((pack) => pack !== first) ?? first);
  }
  return assigned;
}

/** What the hot commands of people do not need does not burden them. */
function commonPack(owners) {
  const isIn = (...packs) => owners.every((owner) => packs.includes(owner));
  if (isIn('action', 'drivers')) return 'action';
  if (isIn('full', 'work', 'action', 'drivers')) return 'engine';
  return isIn('full', 'work', 'action', 'drivers', 'svcmgr') ? 'service' : 'shared';
}

/** The chunks that some modules load statically, the programs themselves left out. */
function closure(entries) {
  const found = new Set();
  const queue = entries.map((entry) => {
    const [name] = [...outputs].find(([, { inputs }]) => entry in inputs) ?? [];
    if (!name) throw new Error(`nothing holds ${entry}`);
    return name;
  });
  for (let name = queue.shift(); name; name = queue.shift()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const { path, kind } of outputs.get(name).imports) {
      if (kind === 'import-statement' && chunks.has(basename(path))) queue.push(basename(path));
    }
  }
  for (const program of programs) found.delete(`${program}.js`);
  return found;
}

function writePack(pack) {
  const members = [...packOf].filter(([, owner]) => owner === pack).map(([name]) => name);
  const bodies = members.map(
    (name) => `${JSON.stringify(`./${name}`)}(module,exports){${link(chunks.get(name), pack)}}`,
  );
  writeFileSync(
    join(out, `pack-${pack}.js`),
    `(function(require,__filename,__dirname){"use strict";const loaded={},members={${bodies.join(',\n')}};` +
      'function load(id){let m=loaded[id];if(!m){m=loaded[id]={exports:{}};members[id](m,m.exports)}return m.exports}' +
      'return load})\n',
  );
}

/** Points the requires of a chunk at the packs. */
function link(code, inPack) {
  return code.replace(/require\("\.\/([^"]+\.js)"\)/g, (whole, name) => {
    const pack = packOf.get(name);
    if (pack === undefined) return whole;
    return pack === inPack
      ? `load("./${name}")`
      : `require("./load-pack.js")("${pack}")("./${name}")`;
  });
}

const loader = readFileSync(join(root, 'bin/load-pack.cjs'), 'utf8');
const { code: loaderCode } = await transform(loader, { minify: true });
writeFileSync(join(out, 'load-pack.js'), loaderCode);
writeFileSync(join(out, 'package.json'), '{"type":"commonjs"}\n');
// What each chunk holds, for the test that watches the start-up path.
writeFileSync(
  join(out, 'chunks.json'),
  JSON.stringify(
    Object.fromEntries(
      Object.entries(bundle.metafile.outputs).map(([path, { inputs }]) => [
        path.replace(/^dist\//, ''),
        { pack: packOf.get(basename(path)) ?? null, inputs: Object.keys(inputs) },
      ]),
    ),
  ),
);

const compiled = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
const addon = `better_sqlite3.abi${process.versions.modules}.node`;
if (isForThisNode(compiled)) copyFileSync(compiled, join(out, addon));
const old = `${out}-old`;
if (existsSync(place)) renameSync(place, old);
renameSync(out, place);
rmSync(old, { recursive: true, force: true });
chmodSync(place, 0o755);
// In its final place: a cache keeps the name of its file, which traces show.
if (existsSync(join(place, addon))) makeCodeCaches(place);
console.log(`dist: ${bundle.outputFiles.length} files, version ${version}`);

/** The addon in node_modules is the one of the Node.js that installed it. */
function isForThisNode(path) {
  try {
    process.dlopen({ exports: {} }, path);
    return true;
  } catch {
    return false;
  }
}
