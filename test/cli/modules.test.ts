/** Which modules a start-up loads: fails when a heavy one appears. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../lib/env/package-root.js';
import { cronEnvironment } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { distProgram, shell } from './edge.js';
import { quietNode } from './programs.js';

/**
 * Records, when the process ends, the files of dist that were required with the members of packs that
 * were really evaluated, and the built-in modules that were loaded after the start of Node.js.
 */
const hook = `
  const Module = require('node:module');
  const { writeFileSync } = require('node:fs');
  const before = new Set(process.moduleLoadList);
  const files = new Set(), builtins = new Set(), members = new Set();
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    if (Module.isBuiltin(request)) builtins.add(request.replace(/^node:/, ''));
    const found = load.apply(this, arguments);
    if (!/load-pack\\.js$/.test(request)) return found;
    return (name) => {
      files.add('pack-' + name + '.js');
      const member = found(name);
      return (id) => { members.add(id.replace('./', '')); return member(id); };
    };
  };
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (text, name) { files.add(name); return compile.apply(this, arguments); };
  process.on('exit', () => writeFileSync(process.env.LOADED_TO, JSON.stringify({
    files: [...files], members: [...members], builtins: [...builtins],
    internal: process.moduleLoadList.filter((name) => !before.has(name)),
  })));
`;

interface Chunk {
  pack: string | null;
  inputs: string[];
}
interface Loaded {
  /** Names below dist, packs included. */
  files: string[];
  /** Sources of all chunks in these files; of a pack everything that stands in it. */
  inputs: string[];
  /** Built-in modules that our code asked for. */
  builtins: string[];
  /** Everything of Node.js that was evaluated. */
  internal: string[];
}

let place: string;
let chunks: Record<string, Chunk>;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'nodemgr-modules-'));
  writeFileSync(join(place, 'hook.cjs'), hook);
  chunks = JSON.parse(
    readFileSync(join(packageRoot, 'dist', 'chunks.json'), 'utf8'),
  ) as typeof chunks;
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A command line with the path of the built program in place of its name. */
const distLine = (line: string): string => line.replace(/^\w+/, distProgram);

async function modulesOf(line: string, root: string): Promise<Loaded> {
  const target = join(place, 'loaded.json');
  rmSync(target, { force: true });
  const { code, stderr } = await shell(
    `"$NODE" -r ${join(place, 'hook.cjs')} ${distLine(line)} > /dev/null`,
    { root, env: { ...cronEnvironment, LOADED_TO: target } },
  );
  expect({ code, stderr }, line).toEqual({ code: 0, stderr: '' });
  const seen = JSON.parse(readFileSync(target, 'utf8')) as Loaded;
  const files = seen.files
    .map((path) => basename(path))
    .filter((name) => existsSync(join(packageRoot, 'dist', name)));
  const inputs = Object.entries(chunks).flatMap(([name, { pack, inputs: sources }]) =>
    files.includes(pack === null ? name : `pack-${pack}.js`) ? sources : [],
  );
  return { ...seen, files, inputs: inputs.map((input) => input.replace(/^.*node_modules\//, '')) };
}

const heavyPackages = /^(execa|yargs|yargs-parser|cliui|y18n|cron-parser|luxon|chalk)\//;
const heavyRooms = /^lib\/(exec|config|schedule|render|driver|drivers|host|service|node)\//;
// Not vm: Node.js has compiled it for itself.
const heavyBuiltins =
  /^(net|http|https|http2|tls|dns|dgram|crypto|child_process|worker_threads|readline|readline\/promises|stream|stream\/promises|zlib|cluster|inspector|tty)$/;
const heavyInternal =
  /^NativeModule (net|http|https|http2|tls|dns|dgram|crypto|child_process|worker_threads|readline|zlib|cluster|inspector|internal\/child_process|internal\/tls.*|internal\/http.*|_http.*|_tls.*)$/;

async function idleRoot(): Promise<string> {
  const { directory, write } = createRoot({ 'node.conf': quietNode });
  write('web.conf', '[task#1]\ncommand = /bin/true\nschedule = * :31 * feb,apr\n');
  const first = await shell('nodemgr schedulers', { root: directory });
  expect(first).toEqual({ code: 0, stdout: '', stderr: '' });
  return directory;
}

test('the hook and the list of chunks see every source of the bundle', async () => {
  const sources = Object.values(chunks).flatMap(({ inputs }) => inputs);
  for (const source of ['lib/scheduler/tick.ts', 'lib/exec/run.ts', 'lib/cli/yargs-tree.ts']) {
    expect(
      sources.filter((name) => name === source),
      source,
    ).toHaveLength(1);
  }
  const root = await idleRoot();
  const { inputs, builtins } = await modulesOf("nodemgr schedule test '0 3 * * *'", root);
  expect(inputs.some((name) => /^(cron-parser|luxon)\//.test(name))).toBe(true);
  expect(builtins).toContain('fs');
});

test('an idle tick loads SQLite, the index and nothing else', async () => {
  const root = await idleRoot();
  const { files, inputs, builtins, internal } = await modulesOf('nodemgr schedulers', root);
  expect(files.sort()).toEqual(['load-pack.js', 'nodemgr.js', 'pack-tick.js']);
  expect(inputs.filter((name) => heavyPackages.test(name))).toEqual([]);
  expect(inputs.filter((name) => heavyRooms.test(name))).toEqual([]);
  const others = inputs.filter((name) => !/^(lib|better-sqlite3)\//.test(name));
  expect(others.sort()).toEqual(['bin/edge.ts', 'bin/nodemgr.ts', 'scripts/no-bindings.cjs']);
  expect(inputs).toContain('lib/scheduler/tick.ts');
  expect(builtins.filter((name) => heavyBuiltins.test(name))).toEqual([]);
  expect(internal.filter((name) => heavyInternal.test(name))).toEqual([]);
});

/** What V8 made of the cache of each pack that a command line loads. */
async function cachesOf(flags: string, line: string): Promise<Record<string, string>> {
  const probe = join(place, 'caches.cjs');
  writeFileSync(
    probe,
    `const vm = require('node:vm');
     process.execArgv.splice(process.execArgv.indexOf('-r'), 2);
     vm.Script = class extends vm.Script {
       constructor(text, options) {
         super(text, options);
         const said = !options.cachedData ? 'none' : this.cachedDataRejected ? 'rejected' : 'used';
         process.on('exit', () => process._rawDebug(options.filename.split('/').at(-1) + ' ' + said));
       }
     };`,
  );
  const command = `"$NODE" ${flags} -r ${probe} ${distLine(line)} > /dev/null`;
  const { stderr } = await shell(command, { root: await idleRoot() });
  return Object.fromEntries(
    stderr
      .trim()
      .split('\n')
      .map((said) => said.split(' ')),
  );
}

test.each([
  ['--no-rehash-snapshot', 'nodemgr schedulers', ['tick']],
  ['', 'nodemgr print schedule', ['tick', 'nodemgr', 'shared']],
  ['', 'svcmgr print schedule', ['tick', 'svcmgr', 'shared', 'service']],
])('%s %s compiles nothing: V8 uses the caches that the build made', async (flags, line, packs) => {
  const expected = Object.fromEntries(packs.map((pack) => [`pack-${pack}.js`, 'used']));
  expect(await cachesOf(flags, line)).toEqual(expected);
});

test('the build makes a code cache for the worker, with the flags that the tick gives it', () => {
  const caches = readdirSync(join(packageRoot, 'dist')).filter(
    (name) => name.includes('--max-semi-space-size') && name.endsWith('.cache'),
  );
  expect(caches.map((name) => name.replace(/\.js\..*/, '')).sort()).toEqual([
    'pack-engine',
    'pack-service',
    'pack-shared',
    'pack-tick',
    'pack-work',
  ]);
});

test('other flags of V8 than those of the build have no cache, and everything works', async () => {
  const root = await idleRoot();
  const { code, stdout } = await shell(
    `"$NODE" --stack-size=900 ${distProgram('nodemgr')} print schedule`,
    { root },
  );
  expect({ code, stdout: stdout.length > 0 }).toEqual({ code: 0, stdout: true });
});

describe.each(['nodemgr', 'svcmgr'])('%s --help', (program) => {
  test('opens no database, loads no process runner and no command', async () => {
    const { directory } = createRoot();
    const { inputs, internal, files } = await modulesOf(`${program} --help`, directory);
    expect(inputs.some((name) => name.startsWith('yargs/'))).toBe(true);
    expect(inputs.filter((name) => /^(execa|cron-parser|luxon|chalk)\//.test(name))).toEqual([]);
    expect(internal).not.toContain('NativeModule child_process');
    const single = files
      .filter((name) => chunks[name]?.pack === null)
      .flatMap((name) => chunks[name]?.inputs ?? []);
    expect(
      single.filter((name) =>
        /^lib\/(cli\/(nodemgr|svcmgr)|exec|scheduler|service|drivers)\//.test(name),
      ),
    ).toEqual([]);
    expect(existsSync(join(directory, 'var'))).toBe(false);
    expect(await addonsOf(`${program} --help`, directory)).toBe(0);
  });
});

/** How often the SQLite addon is opened. */
async function addonsOf(line: string, root: string): Promise<number> {
  const probe = join(place, 'addons.cjs');
  writeFileSync(
    probe,
    `let n = 0; const open = process.dlopen; process.dlopen = function () { n++; return open.apply(this, arguments); };
     process.on('exit', () => require('node:fs').writeSync(2, String(n)));`,
  );
  const { stderr } = await shell(`"$NODE" -r ${probe} ${distLine(line)} > /dev/null`, { root });
  return Number(stderr);
}

test('the count of opened addons can tell: print runs opens one', async () => {
  expect(await addonsOf('nodemgr print runs', await idleRoot())).toBe(1);
});

test.each([
  'nodemgr print schedule',
  'svcmgr print schedule',
  'nodemgr print schedule --format json --verbose',
])('%s loads no execa, yargs, cron-parser or chalk', async (line) => {
  const root = await idleRoot();
  const { inputs, internal } = await modulesOf(line, root);
  expect(inputs).toContain('lib/cli/print-schedule.ts');
  expect(inputs.filter((name) => heavyPackages.test(name))).toEqual([]);
  expect(internal.filter((name) => heavyInternal.test(name))).toEqual([]);
});

test.each([
  'nodemgr print runs',
  'nodemgr print config',
  'nodemgr get asset.schedule',
  'nodemgr explain schedule checks',
  'svcmgr ls',
  'svcmgr web print config',
  "nodemgr schedule test '@10'",
])('%s loads no execa, yargs or cron-parser', async (line) => {
  const { inputs } = await modulesOf(line, await idleRoot());
  expect(inputs.filter((name) => heavyPackages.test(name))).toEqual([]);
});

describe('what is inside of containers', () => {
  const insideOnly = (inputs: readonly string[]): string[] =>
    inputs.filter((name) => /^lib\/service\/encap\/(?!view)/.test(name));
  const words = ['start', 'print status --refresh', 'thaw', 'stop', 'run'];

  test.each(words)('svcmgr web %s loads nothing of it for a service without', async (line) => {
    const { directory, write } = createRoot({ 'node.conf': quietNode });
    write(
      'web.conf',
      '[fs#1]\ntype = flag\n[task#1]\ncommand = /bin/true\n[container#1]\ntype = lxc\ndisable = true\n',
    );
    expect(insideOnly((await modulesOf(`svcmgr web ${line}`, directory)).inputs)).toEqual([]);
  });

  test('a service with encap resources loads it', async () => {
    const { directory, write } = createRoot({ 'node.conf': quietNode });
    write('web.conf', '[DEFAULT]\nencapnodes = vm1\n[fs#1]\ntype = flag\nencap = true\n');
    const { inputs } = await modulesOf('svcmgr web print status --refresh', directory);
    expect(insideOnly(inputs)).toContain('lib/service/encap/instances.ts');
  });
});
