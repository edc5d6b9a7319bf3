/** What is broken disables itself and nothing else, and says where it is broken. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { randomFrom } from '../scheduler/simulation.js';
import { type ProgramResult, runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { query, quiet, quietNode, runsOf, tickIn } from './rig.js';

const good = '[task#1]\ncommand = /bin/true\nschedule = *\n';

const goodNode = `# the node
[node]
max_parallel = 4
env = TST

[checks]
schedule = 00:00-06:00@361 mon-sun
timeout = 15m

[stats_collection]
schedule = @0
`;

const goodService = `[DEFAULT]
nodes = *
run_schedule = @10

[task#1]
command = /bin/sh -c 'exit 0'
schedule = *
timeout = 5m
catchup = all:3
environment = A=1 B=2

[task#2]
command = /bin/echo {rid} {svcname}
schedule = ["09:00-17:00@30 mon-fri", "! 12:00-13:00"]
on_failure = /bin/true
`;

/** One seeded accident of an editor, a copy, a disk. */
function mutate(text: string, random: () => number): Buffer {
  const pick = (n: number): number => Math.floor(random() * n);
  const at = pick(text.length);
  const lines = text.split('\n');
  const line = pick(lines.length);
  const garbage = Buffer.from(Array.from({ length: 1 + pick(40) }, () => pick(256)));
  const words = [
    '=',
    '[',
    ']',
    '{',
    '}',
    '{rid',
    '@',
    '!',
    '%',
    '"',
    "'",
    '\\',
    '\0',
    '\r',
    '99:99',
    '[[task#1]]',
    '{{',
    '$(',
    '-1',
    '9e99',
  ];
  const word = words[pick(words.length)] ?? '';
  switch (pick(8)) {
    case 0:
      return Buffer.from(text.slice(0, at));
    case 1:
      return Buffer.concat([Buffer.from(text.slice(0, at)), garbage, Buffer.from(text.slice(at))]);
    case 2:
      return Buffer.from(text.slice(0, at) + text.slice(at + 1 + pick(5)));
    case 3:
      return Buffer.from(text.slice(0, at) + word + text.slice(at));
    case 4:
      return Buffer.from(
        [...lines.slice(0, line), word.repeat(1 + pick(3)), ...lines.slice(line)].join('\n'),
      );
    case 5:
      return Buffer.from([...lines.slice(0, line), ...lines.slice(line + 1)].join('\n'));
    case 6:
      return Buffer.from(
        lines
          .map((one, n) => (n === line ? one.replace(/=.*/, `= ${word}${word}`) : one))
          .join('\n'),
      );
    default:
      return Buffer.from([...lines, ...lines.slice(line)].join('\n'));
  }
}

const stack = /\n\s+at \S|this is a bug|Error:/;

function expectNoStack(results: readonly ProgramResult[]): void {
  for (const { stdout, stderr } of results) expect(`${stdout}${stderr}`).not.toMatch(stack);
}

function okScopes(root: TestRoot): string[] {
  return runsOf(root.paths)
    .filter(({ state }) => state === 'ok')
    .map(({ scope, section }) => `${scope} ${section}`)
    .sort();
}

test('one broken section: it says file and line, the other sections run', async () => {
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf': `${good}[task#2]\ncommand = /bin/true\nschedule = 25:00-26:00\n[task#3\ncommand = /bin/true\n`,
  });
  expectNoStack([await tickIn(root.directory)]);
  await quiet(root.directory);
  expect(okScopes(root)).toEqual(['web task#1']);
  const table = await runProgram('svcmgr', ['print', 'schedule'], { root: root.directory });
  expect(table.stdout).toMatch(/malformed: 25:00-26:00/);
  const { code, stdout, stderr } = await runProgram('svcmgr', ['-s', 'web', 'validate', 'config'], {
    root: root.directory,
  });
  expect(code).toBe(78);
  expect(stdout + stderr).toMatch(/web\.conf:6: /);
  expect(stdout + stderr).toMatch(/web\.conf:7:8: /);
});

const files: { what: string; put: (path: string) => void }[] = [
  {
    what: 'a world-writable file',
    put: (path) => {
      writeFileSync(path, good);
      chmodSync(path, 0o666);
    },
  },
  {
    what: 'a truncated file',
    put: (path) => writeFileSync(path, good.slice(0, 20), { mode: 0o600 }),
  },
  { what: 'an empty file', put: (path) => writeFileSync(path, '', { mode: 0o600 }) },
  {
    what: 'binary garbage',
    put: (path) =>
      writeFileSync(path, Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7919) % 256)), {
        mode: 0o600,
      }),
  },
  {
    what: 'one long line',
    put: (path) =>
      writeFileSync(path, `[task#1]\ncommand = ${'x'.repeat(1 << 20)}\n`, { mode: 0o600 }),
  },
  {
    what: 'a text without a section',
    put: (path) => writeFileSync(path, 'command = /bin/true\n', { mode: 0o600 }),
  },
];

test.each(files)(
  'one broken service file: $what: no stack trace, the rest still runs',
  async ({ put }) => {
    const root = createRoot({ 'node.conf': quietNode, 'good.conf': good });
    const path = join(root.paths.etc, 'bad.conf');
    put(path);
    const results = [await tickIn(root.directory)];
    await quiet(root.directory);
    expect(okScopes(root)).toContain('good task#1');
    for (const words of ['print schedule', '-s bad validate config', 'ls', '-s bad print config']) {
      results.push(await runProgram('svcmgr', words.split(' '), { root: root.directory }));
    }
    results.push(await tickIn(root.directory));
    expectNoStack(results);
    expect(results.at(-1)).toEqual({ code: 0, stdout: '', stderr: '' });
  },
);

test('a world-writable service file runs nothing, and validate config names it', async () => {
  const root = createRoot({ 'node.conf': quietNode, 'good.conf': good, 'bad.conf': good });
  chmodSync(join(root.paths.etc, 'bad.conf'), 0o666);
  await tickIn(root.directory);
  await quiet(root.directory);
  expect(okScopes(root)).toEqual(['good task#1']);
  const { code, stdout, stderr } = await runProgram('svcmgr', ['-s', 'bad', 'validate', 'config'], {
    root: root.directory,
  });
  expect(code).not.toBe(0);
  expect(stdout + stderr).toMatch(/bad\.conf/);
});

test('100 mutated configurations: no stack trace, the rest still runs, validate config names file and line', async () => {
  const random = randomFrom(2026);
  const root = createRoot({ 'node.conf': quietNode, 'good.conf': good });
  for (let n = 0; n < 100; n++) {
    writeFileSync(join(root.paths.etc, `m${n}.conf`), mutate(goodService, random), { mode: 0o600 });
  }
  const results = [await tickIn(root.directory)];
  expect(results[0]).toEqual({ code: 0, stdout: '', stderr: '' });
  await quiet(root.directory);
  expect(okScopes(root)).toContain('good task#1');
  expect(query(root.paths, `SELECT id FROM run WHERE state = 'running'`)).toEqual([]);
  results.push(await runProgram('svcmgr', ['print', 'schedule'], { root: root.directory }));
  results.push(await runProgram('svcmgr', ['ls'], { root: root.directory }));
  const judged = await runProgram('svcmgr', ['-s', '*', 'validate', 'config'], {
    root: root.directory,
  });
  results.push(judged, await tickIn(root.directory));
  expectNoStack(results);
  expect(judged.code).toBe(78);
  const told = `${judged.stdout}${judged.stderr}`.trim().split('\n');
  const findings = told.filter((line) => /\/m\d+\.conf:\d+(:\d+)?: ./.test(line));
  expect(findings.length).toBeGreaterThan(30);
  expect(told.some((line) => line.includes('good.conf'))).toBe(false);
}, 120_000);

test('mutated node configurations: no stack trace, services still run, validate config answers', async () => {
  const random = randomFrom(1848);
  for (let n = 0; n < 20; n++) {
    const root = createRoot({ 'good.conf': good });
    const path = join(root.paths.etc, 'node.conf');
    // Only what is broken may differ: nothing of the node itself is due.
    const text = mutate(goodNode, random);
    writeFileSync(path, Buffer.concat([Buffer.from(quietNode), text]), { mode: 0o600 });
    const results = [await tickIn(root.directory)];
    await quiet(root.directory);
    expect(okScopes(root), `mutation ${n}`).toContain('good task#1');
    const judged = await runProgram('nodemgr', ['validate', 'config'], { root: root.directory });
    results.push(
      judged,
      await runProgram('nodemgr', ['print', 'schedule'], { root: root.directory }),
    );
    expectNoStack(results);
    expect([0, 78], `mutation ${n}`).toContain(judged.code);
    if (judged.code === 78)
      expect(judged.stdout + judged.stderr).toMatch(/node\.conf:\d+(:\d+)?: /);
  }
}, 180_000);
