/** Outputs that are pipes, full, slow, closed, or a terminal. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pathsBelow } from '../../lib/env/paths.js';
import { runProgram } from '../support/program.js';
import { distProgram, shell } from './edge.js';
import { quietNode } from './programs.js';

/** Packages in the result of pushpkg: more than 1 MB of JSON. */
const manyPackages = 12_000;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'nodemgr-output-'));
  const paths = pathsBelow(root);
  mkdirSync(paths.etc, { recursive: true });
  mkdirSync(join(paths.var, 'node'), { recursive: true });
  writeFileSync(paths.nodeConf, `${quietNode}\n[node]\nuuid = canary-uuid\n`, { mode: 0o600 });
  for (let n = 0; n < 40; n++) {
    const text = `[DEFAULT]\nid = ${n}\n[task#1]\ncommand = /bin/echo ${n}\nschedule = ${n === 3 ? 'nonsense' : '@10'}\n`;
    writeFileSync(join(paths.etc, `web${n}.conf`), text, { mode: 0o600 });
  }
  const packages = Array.from({ length: manyPackages }, (_, n) => ({
    name: `package-${n}`,
    version: `1.${n}`,
    arch: 'amd64',
    type: 'deb',
    installedAt: n * 1000,
  }));
  writeFileSync(join(paths.var, 'node', 'packages.json'), JSON.stringify(packages));
  for (const words of [['pushasset'], ['checks'], ['collect', 'stats']]) {
    expect(await runProgram('nodemgr', words, { root })).toMatchObject({ code: 0, stderr: '' });
  }
  expect((await runProgram('svcmgr', ['web1', 'run'], { root })).code).toBe(0);
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const readVerbs = [
  'nodemgr print schedule',
  'nodemgr print runs',
  'nodemgr show run 1',
  'nodemgr print asset',
  'nodemgr print packages',
  'nodemgr print checks',
  'nodemgr print config',
  'nodemgr get node.uuid',
  'nodemgr explain schedule checks',
  "nodemgr schedule test '@10'",
  'nodemgr doctor',
  'nodemgr --help',
  'nodemgr print runs --help',
  'nodemgr --version',
  'svcmgr ls',
  "svcmgr -s 'web1*' print schedule",
  'svcmgr -s web3 validate config',
  'svcmgr web1 print config',
];

describe.each(readVerbs)('%s', (line) => {
  test('| head -1 is silent', async () => {
    const { stdout, stderr } = await shell(`{ ${line}; } | head -1`, { root });
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('> /dev/full fails with exit 74 and one line', async () => {
    const { stdout, stderr, code } = await shell(`${line} > /dev/full`, { root });
    expect(code).toBe(74);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^cannot write to standard output: ENOSPC[^\n]*\n$/);
  });
});

test('a closed standard output shows no stack', async () => {
  // Node.js opens /dev/null in its place: there is nothing that could fail.
  expect(await shell('nodemgr print schedule >&-', { root })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
});

test('| head -1 of 1 MB JSON ends at once and silently, with the exit code of the data', async () => {
  const line = `nodemgr print packages --format json | head -1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await shell(line, { root });
  expect({ stdout, stderr }).toEqual({ stdout: '[\n0\n', stderr: '' });
});

/** Reads a pipe in small sips with pauses, so that the writer finds it full again and again. */
const slowReader = `
  const { readSync } = require('node:fs');
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  const bytes = Buffer.alloc(16384);
  const parts = [];
  for (;;) {
    Atomics.wait(sleep, 0, 0, 3);
    let size;
    try { size = readSync(0, bytes); } catch (error) { if (error.code === 'EAGAIN') continue; throw error; }
    if (size === 0) break;
    parts.push(Buffer.from(bytes.subarray(0, size)));
  }
  const text = Buffer.concat(parts).toString();
  console.log(JSON.stringify({ bytes: text.length, rows: JSON.parse(text).length }));
`;

test('1 MB JSON through a slow pipe is whole and parses', async () => {
  const line = `nodemgr print packages --format json | "$NODE" -e "$READER"; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await shell(line, {
    root,
    env: { PATH: '/usr/bin:/bin', READER: slowReader },
  });
  expect(stderr).toBe('');
  const [answer = '', code] = stdout.split('\n');
  const { bytes, rows } = JSON.parse(answer) as { bytes: number; rows: number };
  expect(bytes).toBeGreaterThan(1 << 20);
  expect({ rows, code }).toEqual({ rows: manyPackages, code: '0' });
});

test('1 MB JSON through a slow pipe that is non-blocking is whole and parses', async () => {
  // A parent that reads its end with O_NONBLOCK set on the shared description: `perl` sets it for all.
  const line =
    `{ perl -MFcntl -e 'fcntl(STDOUT, F_SETFL, fcntl(STDOUT, F_GETFL, 0) | O_NONBLOCK); exec @ARGV' ` +
    `"$NODE" ${distProgram('nodemgr')} print packages --format json; } | "$NODE" -e "$READER"; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await shell(line, {
    root,
    env: { PATH: '/usr/bin:/bin', READER: slowReader },
  });
  expect(stderr).toBe('');
  const [answer = '', code] = stdout.split('\n');
  expect({ ...(JSON.parse(answer) as object), code }).toMatchObject({
    rows: manyPackages,
    code: '0',
  });
});

test('a reader that goes while we wait for it ends the program', async () => {
  const child = spawn(
    process.execPath,
    [distProgram('nodemgr'), 'print', 'packages', '--format', 'json'],
    {
      env: { PATH: '/usr/bin:/bin', NODEMGR_ROOT: root },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

const colourCode = '\u001b[';

describe('colour, four ways', () => {
  const doctor = 'nodemgr doctor';
  test.each([
    { flags: '', env: {}, coloured: true, why: 'auto on a terminal' },
    {
      flags: '--color always',
      env: { NO_COLOR: '1' },
      coloured: true,
      why: 'always beats NO_COLOR',
    },
    { flags: '--color never', env: {}, coloured: false, why: 'never' },
    { flags: '', env: { NO_COLOR: '1' }, coloured: false, why: 'NO_COLOR' },
    { flags: '', env: { NO_COLOR: '' }, coloured: true, why: 'an empty NO_COLOR does not count' },
    { flags: '', env: { TERM: 'dumb' }, coloured: false, why: 'TERM=dumb' },
  ])('on a terminal: $flags $env ($why)', async ({ flags, env, coloured }) => {
    const command = `"$NODE" ${distProgram('nodemgr')} doctor ${flags}`;
    const { stdout } = await shell(`script -qec '${command}' /dev/null`, {
      root,
      env: { PATH: '/usr/bin:/bin', TERM: 'xterm', ...env },
    });
    expect(stdout).toContain('node.js');
    expect(stdout.includes(colourCode)).toBe(coloured);
  });

  test.each([
    { flags: '', env: { TERM: 'xterm', FORCE_COLOR: '1' }, coloured: false, why: 'auto in a pipe' },
    { flags: '--color always', env: {}, coloured: true, why: 'always in a pipe' },
    { flags: '--color never', env: { TERM: 'xterm' }, coloured: false, why: 'never' },
    { flags: '--color always --format json', env: {}, coloured: false, why: 'JSON has no colour' },
    { flags: '--color always --format csv', env: {}, coloured: false, why: 'CSV has no colour' },
  ])('in a pipe: $flags $env ($why)', async ({ flags, env, coloured }) => {
    const { stdout } = await shell(`${doctor} ${flags} | cat`, {
      root,
      env: { PATH: '/usr/bin:/bin', ...env },
    });
    expect(stdout).not.toBe('');
    expect(stdout.includes(colourCode)).toBe(coloured);
  });

  test('colour alone carries no meaning: the words are the same without it', async () => {
    const [plain, coloured] = await Promise.all([
      shell(`svcmgr -s 'web1*' print schedule`, { root }),
      shell(`svcmgr -s 'web1*' print schedule --color always`, { root }),
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is looked for
    expect(coloured.stdout.replace(/\u001b\[\d+m/g, '')).toBe(plain.stdout);
    expect(coloured.stdout).not.toBe(plain.stdout);
  });
});

test('nothing is wrapped or coloured when piped: one record per line, whatever COLUMNS says', async () => {
  const env = { PATH: '/usr/bin:/bin', COLUMNS: '20', TERM: 'xterm' };
  const wide = join(pathsBelow(root).etc, 'wide.conf');
  writeFileSync(
    wide,
    `[task#1]\ncommand = /bin/true\nschedule = ${JSON.stringify(Array(12).fill('08:00-09:00@30 mon-fri'))}\n`,
    { mode: 0o600 },
  );
  try {
    const { stdout } = await shell('svcmgr print schedule', { root, env });
    expect(stdout).not.toContain(colourCode);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2 + 41 + 41);
    expect(stdout.split('\n').some((text) => text.length > 250)).toBe(true);
  } finally {
    rmSync(wide);
  }
});

test('no terminal: a task with confirmation ends at once, is not run and says what to do', async () => {
  const conf = join(pathsBelow(root).etc, 'ask.conf');
  const marker = join(root, 'ran');
  writeFileSync(conf, `[task#1]\ncommand = /usr/bin/touch ${marker}\nconfirmation = true\n`, {
    mode: 0o600,
  });
  const started = performance.now();
  for (const input of ['< /dev/null', '<<< yes', '<&-']) {
    const { stdout, stderr, code } = await shell(`svcmgr ask run ${input}`, { root });
    expect({ stdout, code }, input).toEqual({ stdout: '', code: 75 });
    expect(stderr, input).toMatch(
      /^ask task#1: skipped \(run \d+\): it wants a confirmation \(--confirm\)\n$/,
    );
  }
  expect(performance.now() - started).toBeLessThan(15_000);
  expect((await shell(`ls ${marker}`, { root })).code).not.toBe(0);
  expect((await shell('svcmgr ask run --confirm < /dev/null', { root })).code).toBe(0);
  expect((await shell(`rm ${marker}`, { root })).code).toBe(0);
});

test.each([
  { answer: 'yes', code: 0, says: 'hello from the task' },
  { answer: 'no', code: 75, says: 'not confirmed' },
  { answer: '', code: 75, says: 'not confirmed' },
])(
  'on a terminal the confirmation is asked: "$answer" ends with $code',
  async ({ answer, code, says }) => {
    writeFileSync(
      join(pathsBelow(root).etc, 'ask.conf'),
      '[task#1]\ncommand = /bin/echo hello from the task\nconfirmation = true\n',
      { mode: 0o600 },
    );
    const command = `"$NODE" ${distProgram('svcmgr')} ask run`;
    const { stdout } = await shell(
      `echo '${answer}' | script -qec '${command}; echo "code $?"' /dev/null`,
      { root },
    );
    expect(stdout).toContain('run ask task#1? (yes/no)');
    expect(stdout).toContain(says);
    expect(stdout).toContain(`code ${code}`);
  },
);

test('env -i as under cron and a shell with a big environment give identical JSON', async () => {
  const big = Object.fromEntries(
    Array.from({ length: 400 }, (_, n) => [`FILLER_${n}`, 'x'.repeat(200)]),
  );
  const shellEnvironment = {
    ...big,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TERM: 'xterm-256color',
    LANG: 'de_DE.UTF-8',
    LC_ALL: 'tr_TR.UTF-8',
    LINES: '5',
    COLUMNS: '30',
    HOME: '/root',
    PAGER: 'less',
    FORCE_COLOR: '3',
  };
  for (const line of [
    'nodemgr print schedule --format json',
    'svcmgr print schedule --format json',
    'nodemgr print runs --format json',
    'nodemgr print asset --format json',
    'nodemgr print packages --format json',
    'nodemgr print config --format json',
    'svcmgr ls --format json',
  ]) {
    const cron = await shell(
      `exec env -i NODEMGR_ROOT="$NODEMGR_ROOT" "$NODE" ${line.replace(/^\w+/, (name) => distProgram(name))}`,
      { root },
    );
    const person = await shell(line, { root, env: shellEnvironment });
    expect(cron.code, line).toBe(0);
    expect(JSON.parse(cron.stdout), line).toBeDefined();
    expect(cron.stdout, line).toBe(person.stdout);
  }
});
