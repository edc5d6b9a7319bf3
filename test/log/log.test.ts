import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createLog, type LogOptions } from '../../lib/log/create-log.js';
import { bundled, can, temporary } from '../exec/probe.js';

const source = await bundled('lib/log/create-log.ts');
const at = new Date(2024, 2, 31, 1, 2, 3, 45).getTime();

function open(options: Partial<LogOptions> = {}) {
  const file = join(temporary(), 'logs', 'svc1.log');
  const log = createLog({ file, node: 'n1', name: 'svc1', now: () => at, ...options });
  return { file, log, text: () => readFileSync(file, 'utf8') };
}

test('one line per record: time, source, level, phrase, fields', () => {
  const { log, text } = open();
  log.info('resource up', { rid: 'fs#1', ms: 12, ok: true, none: undefined, nil: null, e: '' });
  log.child({ rid: 'fs#1' }).warn('not up', { why: 'it is "busy"\nsince', path: 'a\\b' });
  log.error('bad');
  log.debug('never in the file');
  expect(text()).toBe(
    [
      '2024-03-31 01:02:03,045 - n1.svc1 - INFO - resource up rid=fs#1 ms=12 ok=true e=""\n',
      '2024-03-31 01:02:03,045 - n1.svc1.fs#1 - WARNING - not up why="it is \\"busy\\"\\nsince" path=a\\b\n',
      '2024-03-31 01:02:03,045 - n1.svc1 - ERROR - bad\n',
    ].join(''),
  );
});

test('a message of several lines repeats the prefix, a last empty line included', () => {
  const { log, text } = open({ rid: 'fs#1' });
  log.info('output:\r\npass 1\n');
  expect(text().split('\n')).toEqual([
    '2024-03-31 01:02:03,045 - n1.svc1.fs#1 - INFO - output:',
    '2024-03-31 01:02:03,045 - n1.svc1.fs#1 - INFO - pass 1',
    '2024-03-31 01:02:03,045 - n1.svc1.fs#1 - INFO - ',
    '',
  ]);
});

test('control characters are shown, not sent to the terminal', () => {
  const { log, text } = open();
  log.info('a\u001b[31mred\u0007\rb\u009b\u202e\tc\u200f\u061c\ufeff');
  expect(text()).toContain('INFO - a\\x1b[31mred\\x07\\rb\\x9b\\u202e\tc\\u200f\\u061c\\ufeff\n');
});

test('secrets are masked in phrases, fields and other writings, also later ones', () => {
  const secrets = new Set(['s3cret"x', 'ab']);
  const seen: string[] = [];
  const { log, text } = open({ secrets, console: (_, line) => seen.push(line) });
  log.info('login with s3cret"x', { url: 'http://u:s3cret%22x@h/', json: '{"p":"s3cret\\"x"}' });
  secrets.add('another');
  log.info('and another abc');
  expect(text()).not.toMatch(/s3cret|another/);
  expect(text()).toContain('login with xxx');
  expect(text()).toContain('and xxx abc');
  expect(seen.join()).not.toMatch(/s3cret|another/);
});

test('the console has its own form and threshold', () => {
  const seen: [string, string][] = [];
  const { log } = open({ level: 'info', console: (level, line) => seen.push([level, line]) });
  log.info('up\nand running');
  log.child({ rid: 'app#1' }).error('down');
  log.debug('hidden');
  expect(seen).toEqual([
    ['info', 'n1.svc1 up'],
    ['info', 'n1.svc1 and running'],
    ['error', 'n1.svc1.app#1 ERROR down'],
  ]);
  const quiet: string[] = [];
  const other = open({ level: 'error', console: (_, line) => quiet.push(line) });
  other.log.warn('seen in the file alone');
  expect(quiet).toEqual([]);
  expect(other.text()).toContain('seen in the file alone');
});

test('debugging adds a file of its own', () => {
  const { log, file, text } = open({ level: 'debug' });
  log.debug('why');
  log.info('what');
  expect(text()).not.toContain('why');
  const debug = readFileSync(file.replace('.log', '.debug.log'), 'utf8');
  expect(debug).toMatch(/DEBUG - why\n.*INFO - what\n$/);
});

test('without a record nothing is created', () => {
  const { log, file } = open();
  log.debug('not recorded');
  log.close();
  expect(existsSync(join(file, '..'))).toBe(false);
});

test('a huge record is cut', () => {
  const { log, text } = open();
  log.info('x'.repeat(1 << 20));
  expect(text().length).toBeLessThan(66_000);
  expect(text()).toContain('characters dropped');
});

test('a file that cannot be written: no throw, told once, and told in the file later', () => {
  const { log, file, text } = open();
  const directory = join(file, '..');
  writeFileSync(directory, 'in the way');
  log.info('one');
  log.info('two');
  expect(log.takeFailure()).toMatchObject({ code: 'E_LOG', exitCode: 74 });
  expect(log.takeFailure()).toBeUndefined();
  execFileSync('rm', [directory]);
  log.info('three');
  expect(text()).toMatch(/WARNING - log records lost count=2\n.*INFO - three\n$/);
});

test.skipIf(!can.mount)('a full disk', () => {
  const directory = temporary();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', directory]);
  try {
    const file = join(directory, 'node.log');
    const log = createLog({ file, node: 'n1', now: Date.now });
    log.info('before');
    try {
      writeFileSync(join(directory, 'filler'), Buffer.alloc(1 << 20));
    } catch {
      // full now
    }
    for (let i = 0; i < 200; i++) log.info('x'.repeat(100), { i });
    // A process whose first record does not fit has not written today, but others have.
    const late = createLog({ file, node: 'n1', now: Date.now });
    late.info('lost');
    late.info('lost too');
    expect(existsSync(`${file}.1`)).toBe(false);
    expect(log.takeFailure()).toMatchObject({
      code: 'E_LOG',
      message: expect.stringContaining('ENOSPC'),
    });
    execFileSync('rm', [join(directory, 'filler')]);
    log.info('after');
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.at(-3)).toMatch(/WARNING - log records lost count=\d+$/);
    expect(lines.at(-2)).toMatch(/INFO - after$/);
    log.close();
  } finally {
    execFileSync('umount', ['-l', directory]);
  }
});

test('rotation by size and by day; seven are kept, the older ones compressed', () => {
  let now = Date.now();
  const { log, file } = open({ limits: { maxBytes: 200 }, now: () => now });
  const names = () => readdirSync(join(file, '..')).filter((name) => !name.startsWith('.'));
  for (let i = 0; i < 12; i++) {
    log.info('a record that is long enough to fill the file at once', { i, pad: 'x'.repeat(150) });
    now += 10_000; // what is compressed has been left alone for a while
  }
  expect(names().sort()).toEqual(
    ['svc1.log', 'svc1.log.1', ...[2, 3, 4, 5, 6, 7].map((n) => `svc1.log.${n}.gz`)].sort(),
  );
  expect(readFileSync(file, 'utf8')).toContain('i=11');
  expect(readFileSync(`${file}.1`, 'utf8')).toContain('i=10');
  expect(gunzipSync(readFileSync(`${file}.2.gz`)).toString()).toContain('i=9');
  expect(gunzipSync(readFileSync(`${file}.7.gz`)).toString()).toContain('i=4');
});

test('a file of yesterday is rotated by the first record of today', () => {
  const { log, file } = open({ now: Date.now });
  mkdirSync(join(file, '..'));
  writeFileSync(file, 'yesterday\n');
  const yesterday = (Date.now() - 86_400_000) / 1000;
  utimesSync(file, yesterday, yesterday);
  log.info('today');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('yesterday\n');
  expect(readFileSync(file, 'utf8')).toContain('today');
  log.info('still today');
  expect(readdirSync(join(file, '..')).filter((name) => !name.startsWith('.'))).toHaveLength(2);
});

test('what a killed rotation left is taken up', () => {
  let now = Date.now() + 60_000;
  const { log, file } = open({ limits: { maxBytes: 10 }, now: () => now });
  mkdirSync(join(file, '..'));
  writeFileSync(file, 'current, long enough\n');
  writeFileSync(`${file}.3`, 'plain and compressed\n');
  execFileSync('gzip', ['-k', `${file}.3`]);
  writeFileSync(`${file}.5`, 'plain alone\n');
  writeFileSync(`${file}.2.gz.tmp`, 'half');
  log.info('next');
  now += 60_000;
  expect(gunzipSync(readFileSync(`${file}.4.gz`)).toString()).toBe('plain and compressed\n');
  expect(gunzipSync(readFileSync(`${file}.6.gz`)).toString()).toBe('plain alone\n');
  expect(existsSync(`${file}.3`)).toBe(false);
  log.info('once more');
  log.info('and the rest is compressed');
  expect(existsSync(`${file}.2.gz.tmp`)).toBe(false);
});

test('10 processes and a tiny limit: no record is lost, none is written twice', async () => {
  const file = join(temporary(), 'node.log');
  const code = (id: number) => `
    const { createLog } = await import(${JSON.stringify(source)});
    const log = createLog({ file: ${JSON.stringify(file)}, node: 'n', now: Date.now,
      limits: { maxBytes: 4096, keep: 200 } });
    for (let i = 0; i < 500; i++) log.info('record', { id: '${id}.' + i + '.' });
    const failure = log.takeFailure();
    if (failure) throw failure;`;
  const exits = await Promise.all(
    Array.from({ length: 10 }, async (_, id) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code(id)], {
        stdio: 'inherit',
      });
      return ((await once(child, 'exit')) as [number])[0];
    }),
  );
  expect(exits.filter((exit) => exit !== 0)).toEqual([]);
  const names = readdirSync(join(file, '..')).filter((name) => name.startsWith('node.log'));
  const all = names
    .map((name) => {
      const bytes = readFileSync(join(file, '..', name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    })
    .join('');
  const ids = all.match(/id=\d+\.\d+\.$/gm) ?? [];
  expect(ids.length).toBe(5000);
  expect(new Set(ids).size).toBe(5000);
  expect(names.length).toBeGreaterThan(10);
});
