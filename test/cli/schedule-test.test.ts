/** `nodemgr schedule test`, also in bulk: how others check the grammar. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { describe, expect, test } from 'vitest';
import vectors from '../schedule/vectors.json' with { type: 'json' };
import { runProgram } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { distProgram } from './edge.js';

interface Answer {
  expr: string | null;
  due: boolean;
  reason: string | null;
  code: string | null;
  next: string | null;
}

async function ask(lines: readonly string[], ...options: string[]) {
  const { directory } = createRoot();
  const result = await runProgram('nodemgr', ['schedule', 'test', '--stdin', ...options], {
    root: directory,
    input: lines.map((line) => `${line}\n`).join(''),
  });
  expect(existsSync(`${directory}/var`)).toBe(false);
  const texts = result.stdout.split('\n');
  expect(texts.pop()).toBe('');
  return { ...result, answers: texts.map((text) => JSON.parse(text) as Answer) };
}

const fieldsOf = (answer: Answer | undefined): string[] => Object.keys(answer ?? {});

test('--stdin: every vector in one go, one answer per line in the order of the lines', async () => {
  const lines = [
    ...vectors.evaluate.map(({ expr, tz, now, last }) => ({ expr, tz, at: now, last })),
    ...vectors.next.map(({ expr, tz, now, last, spreadable, u }) => ({
      expr,
      tz,
      at: now,
      last,
      spread: spreadable,
      u,
    })),
  ];
  const { answers, stderr, code } = await ask(lines.map((line) => JSON.stringify(line)));
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(answers.map(({ expr }) => expr)).toEqual(lines.map(({ expr }) => expr));
  for (const answer of answers)
    expect(fieldsOf(answer)).toEqual(['expr', 'due', 'reason', 'code', 'next']);

  const judged = answers
    .slice(0, vectors.evaluate.length)
    .map(({ expr, due, code: error }) => ({ expr, expect: error ?? (due ? 'yes' : 'no') }));
  expect(judged).toEqual(
    vectors.evaluate.map(({ expr, expect: expected }) => ({ expr, expect: expected })),
  );
  const next = answers
    .slice(vectors.evaluate.length)
    .map((answer) => ({ expr: answer.expr, next: answer.next }));
  expect(next).toEqual(vectors.next.map(({ expr, next: expected }) => ({ expr, next: expected })));
  for (const { due, reason } of answers) expect(reason === null).toBe(due);
});

test('--stdin: malformed lines are answered in their place, and the rest goes on', async () => {
  const lines = [
    '',
    '{',
    '[]',
    'null',
    '{}',
    '{"expr":7}',
    '{"expr":"*","at":"yesterday"}',
    '{"expr":"*","tz":"Mars/Olympus"}',
    '{"expr":"@"}',
    '{"expr":"*","u":2}',
    '\u0000\u0001',
    '{"expr":"*"}\r',
  ];
  const { answers, stderr, code } = await ask(lines);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const codes = answers.map((answer) => answer.code);
  expect(codes.slice(0, 7)).toEqual(Array(7).fill('E_LINE'));
  expect(codes[7]).toBe('E_TIMEZONE');
  expect(codes[8]).toMatch(/^E_(?!LINE)/);
  expect(codes.slice(9)).toEqual(['E_LINE', 'E_LINE', null]);
  for (const answer of answers.slice(0, -1))
    expect(answer).toMatchObject({ due: false, next: null, reason: expect.any(String) });
  expect(answers.at(-1)).toMatchObject({ expr: '*', due: true });
});

test('--stdin: a large input is answered whole, a last line without line feed counts', async () => {
  const { directory } = createRoot();
  const count = 20_000;
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      expr: `@${(n % 1400) + 1}`,
      at: '2026-03-03 10:00',
      tz: 'Europe/Paris',
      last: '2026-03-03 09:00',
    }),
  );
  const { stdout, code } = await runProgram('nodemgr', ['schedule', 'test', '--stdin'], {
    root: directory,
    input: lines.join('\n'),
  });
  expect(code).toBe(0);
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Answer);
  expect(answers).toHaveLength(count);
  answers.forEach(({ expr, due }, n) => {
    expect(expr).toBe(`@${(n % 1400) + 1}`);
    expect(due).toBe((n % 1400) + 1 <= 60);
  });
});

test('--stdin: a program can talk with it: each answer comes before the next line is written', async () => {
  const child = spawn(process.execPath, [distProgram('nodemgr'), 'schedule', 'test', '--stdin'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (const expr of ['*', '@10', '!']) {
    child.stdin.write(`${JSON.stringify({ expr })}\n`);
    const { value } = (await answers.next()) as { value: string };
    expect(JSON.parse(value)).toMatchObject({ expr });
  }
  child.stdin.end();
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
});

test('--stdin: --at and --tz stand for what the lines leave out; their own values win', async () => {
  const { answers } = await ask(
    [
      '{"expr":"10:00-10:30"}',
      '{"expr":"10:00-10:30","at":"2026-03-03 11:00"}',
      '{"expr":"10:00-10:30","tz":"Asia/Tokyo","at":"2026-03-03 10:00"}',
    ],
    '--at',
    '2026-03-03 10:10',
    '--tz',
    'America/New_York',
  );
  expect(answers.map(({ due }) => due)).toEqual([true, false, true]);
});

test('--stdin: a reader that has seen enough ends it, however much is still to come', async () => {
  const child = spawn(
    'sh',
    [
      '-c',
      `yes '{"expr":"*"}' | "$NODE" "$0" schedule test --stdin | head -1`,
      distProgram('nodemgr'),
    ],
    {
      env: { PATH: '/usr/bin:/bin', NODE: process.execPath },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    output += text.toString();
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(output.split('\n')).toHaveLength(2);
});

describe('one expression', () => {
  const test1 = async (argv: readonly string[]) => {
    const { directory } = createRoot();
    const result = await runProgram('nodemgr', ['schedule', 'test', ...argv], { root: directory });
    expect(existsSync(`${directory}/var`)).toBe(false);
    return result;
  };

  test('--count has a limit', async () => {
    expect(await test1(['@10', '--count', '10000'])).toMatchObject({ code: 0 });
    expect(await test1(['@10', '--count', '10001'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--count: at most 10000'),
    });
  });

  test('json: the judgement, its constraints and the next runs, each after the one before it', async () => {
    const { stdout, code } = await test1([
      '09:00-17:00@30 mon-fri',
      '--at',
      '2026-03-06 16:45',
      '--last',
      '2026-03-06 16:30',
      '--tz',
      'Europe/Paris',
      '--count',
      '3',
      '--format',
      'json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'nodemgr.schedule_test.1',
      expr: '09:00-17:00@30 mon-fri',
      due: false,
      code: null,
      reason: 'too soon',
      next: '2026-03-06 17:00',
      next_runs: ['2026-03-06 17:00', '2026-03-09 09:00', '2026-03-09 09:30'],
    });
  });

  test('text: every constraint with pass or fail', async () => {
    const { stdout } = await test1([
      '09:00-17:00@30 mon-fri',
      '--at',
      '2026-03-06 16:59',
      '--last',
      '2026-03-06 16:30',
      '--tz',
      'Europe/Paris',
    ]);
    expect(stdout).toMatch(/^2026-03-06 16:59(:00)?: not due: too soon\n/);
    expect(stdout).toMatch(/^ +pass +.*2026-03-06/m);
    expect(stdout).toMatch(/^ +fail +29m since the last run, .*the interval is 30m$/m);
    expect(
      stdout.split('\n').filter((text) => /^ {2}2026-03-0[69] \d\d:\d\d$/.test(text)),
    ).toHaveLength(5);
  });

  test.each([
    { argv: ['@x'], exit: 78, says: /^malformed \(E_\w+\): / },
    { argv: ['61 * * * *'], exit: 78, says: /^malformed \(E_\w+\): / },
    { argv: ['* jly', '--format', 'json'], exit: 78, says: /"code": "E_/ },
    { argv: [''], exit: 0, says: /never runs/ },
    { argv: ['!12:00-13:00'], exit: 0, says: /never runs/ },
  ])('$argv ends with $exit', async ({ argv, exit, says }) => {
    const { stdout, stderr, code } = await test1(argv);
    expect({ code, stderr }).toEqual({ code: exit, stderr: '' });
    expect(stdout).toMatch(says);
  });

  test.each([
    { argv: [], exit: 2 },
    { argv: ['@10', '--tz', 'Mars/Olympus'], exit: 78 },
    { argv: ['@10', '--at', 'tomorrow'], exit: 2 },
    { argv: ['@10', '--last', '2026-13-01 00:00'], exit: 2 },
  ])('$argv is refused with $exit on stderr', async ({ argv, exit }) => {
    const { stdout, stderr, code } = await test1(argv);
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toMatch(/^nodemgr: /);
    expect(stderr).not.toContain('this is a bug');
  });
});
