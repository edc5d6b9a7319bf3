/** What commands emit as JSON has exactly the documented fields with the documented types. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { definedShapes, type Shape } from '../../lib/cli/shape.js';
import { pathsBelow } from '../../lib/env/paths.js';
import { runProgram } from '../support/program.js';
import { everyCommand, quietNode } from './programs.js';

let root: string;
beforeAll(async () => {
  await Promise.all(everyCommand.map(({ entry }) => entry.load()));
  root = mkdtempSync(join(tmpdir(), 'nodemgr-shapes-'));
  const paths = pathsBelow(root);
  mkdirSync(paths.etc, { recursive: true });
  const write = (name: string, text: string) =>
    writeFileSync(join(paths.etc, name), text, { mode: 0o600 });
  write('node.conf', `${quietNode}[nod]\nx = 1\n`);
  write(
    'web.conf',
    '[task#ok]\ncommand = /bin/true\nschedule = @1h\n[task#bad]\ncommand = /bin/sh -c "exit 3"\nschedule = 25:00\n[task#slow]\ncommand = /bin/sleep 60\ntimeout = 1s\n[task#ask]\ncommand = /bin/true\nconfirmation = true\n[app#1]\nscript = /bin/true\ninfo = /bin/echo tells: something\n[disk#1]\ntype = disk\ndisk_id = 0x600a0b80\n',
  );
  for (const words of [
    ['pushasset'],
    ['pushpkg'],
    ['checks'],
    ['collect', 'stats'],
    ['collect', 'stats'],
  ]) {
    expect((await runProgram('nodemgr', words, { root })).code, words.join(' ')).toBe(0);
  }
  await runProgram('svcmgr', ['web', 'run'], { root });
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const commands: {
  program: 'nodemgr' | 'svcmgr';
  argv: string[];
  schema: string;
  code?: number;
  list: boolean;
}[] = [
  { program: 'nodemgr', argv: ['print', 'schedule'], schema: 'nodemgr.schedule.1', list: true },
  { program: 'svcmgr', argv: ['print', 'schedule'], schema: 'nodemgr.schedule.1', list: true },
  { program: 'nodemgr', argv: ['print', 'runs'], schema: 'nodemgr.run.1', list: true },
  { program: 'svcmgr', argv: ['web', 'print', 'runs'], schema: 'nodemgr.run.1', list: true },
  { program: 'nodemgr', argv: ['show', 'run', '1'], schema: 'nodemgr.run_detail.1', list: false },
  {
    program: 'nodemgr',
    argv: ['explain', 'schedule', 'checks'],
    schema: 'nodemgr.explanation.1',
    list: false,
  },
  {
    program: 'svcmgr',
    argv: ['web', 'explain', 'schedule', 'task#ok'],
    schema: 'nodemgr.explanation.1',
    list: false,
  },
  {
    program: 'svcmgr',
    argv: ['web', 'explain', 'schedule', 'task#bad'],
    schema: 'nodemgr.explanation.1',
    list: false,
  },
  {
    program: 'nodemgr',
    argv: ['schedule', 'test', '@10'],
    schema: 'nodemgr.schedule_test.1',
    list: false,
  },
  {
    program: 'nodemgr',
    argv: ['schedule', 'test', '@@'],
    schema: 'nodemgr.schedule_test.1',
    list: false,
    code: 78,
  },
  { program: 'nodemgr', argv: ['print', 'packages'], schema: 'nodemgr.package.1', list: true },
  { program: 'nodemgr', argv: ['print', 'checks'], schema: 'nodemgr.check.1', list: true },
  { program: 'nodemgr', argv: ['print', 'stats'], schema: 'nodemgr.stats.1', list: true },
  { program: 'nodemgr', argv: ['doctor'], schema: 'nodemgr.doctor_finding.1', list: true },
  {
    program: 'nodemgr',
    argv: ['install', '--cron', '--dry-run', '--destdir', '/nowhere'],
    schema: 'nodemgr.install_step.1',
    list: true,
  },
  {
    program: 'nodemgr',
    argv: ['validate', 'config'],
    schema: 'nodemgr.config_finding.1',
    list: true,
  },
  {
    program: 'svcmgr',
    argv: ['validate', 'config'],
    schema: 'nodemgr.config_finding.1',
    list: true,
    code: 78,
  },
  { program: 'svcmgr', argv: ['web', 'print', 'status'], schema: 'svcmgr.status.1', list: false },
  { program: 'svcmgr', argv: ['web', 'print', 'resinfo'], schema: 'svcmgr.resinfo.1', list: true },
  { program: 'svcmgr', argv: ['web', 'print', 'devs'], schema: 'svcmgr.device.1', list: true },
  { program: 'svcmgr', argv: ['print', 'keywords'], schema: 'svcmgr.keyword.1', list: true },
  { program: 'svcmgr', argv: ['ls'], schema: 'nodemgr.object.1', list: true },
];

/** Whether a value has a documented type: `string | null`, `number`, `object[]`, `ok | failed`. */
function hasType(value: unknown, type: string): boolean {
  return type.split(' | ').some((one) => {
    if (one === 'null') return value === null;
    if (one.endsWith('[]'))
      return Array.isArray(value) && value.every((item) => hasType(item, one.slice(0, -2)));
    if (one === 'object')
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    if (one === 'string' || one === 'number' || one === 'boolean') return typeof value === one;
    return value === one; // a word of its own
  });
}

test.each(commands)(
  '$program $argv: $schema as documented',
  async ({ program, argv, schema, code = 0, list }) => {
    const result = await runProgram(program, [...argv, '--format', 'json'], { root });
    expect(result.code, result.stderr).toBe(code);
    const data = JSON.parse(result.stdout) as unknown;
    expect(Array.isArray(data)).toBe(list);
    const rows = (list ? data : [data]) as Record<string, unknown>[];
    expect(rows.length).toBeGreaterThan(0);
    const shape = definedShapes().find((one) => one.schema === schema) as
      | Shape<Record<string, unknown>>
      | undefined;
    if (!shape) throw new Error(`no shape ${schema}`);
    const wanted = ['schema', ...Object.keys(shape.fields)].sort();
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(wanted);
      expect(row['schema']).toBe(schema);
      for (const [name, { type }] of Object.entries(shape.fields)) {
        expect(
          hasType(row[name], type),
          `${name}: ${JSON.stringify(row[name])} is no ${type}`,
        ).toBe(true);
      }
    }
  },
);

test('every documented shape is one of a command above, or of print asset', () => {
  const tested = new Set([...commands.map(({ schema }) => schema), 'nodemgr.asset_field.1']);
  expect(
    definedShapes()
      .map(({ schema }) => schema)
      .filter((schema) => !tested.has(schema)),
  ).toEqual([]);
});

test('a list is always a list: nothing, one, many', async () => {
  const lengthOf = async (...argv: string[]): Promise<number> => {
    const { stdout } = await runProgram('nodemgr', [...argv, '--format', 'json'], { root });
    const data = JSON.parse(stdout) as unknown[];
    expect(Array.isArray(data)).toBe(true);
    return data.length;
  };
  expect(await lengthOf('print', 'runs', '--task', 'nothing')).toBe(0);
  expect(await lengthOf('print', 'runs', '--limit', '1')).toBe(1);
  expect(await lengthOf('print', 'runs')).toBeGreaterThan(1);
  expect(
    (await runProgram('svcmgr', ['ls', '-s', 'zz*', '--format', 'json'], { root })).stdout,
  ).toBe('[]\n');
});

test('an error with --format json is one JSON object on stderr and nothing on stdout', async () => {
  const { stdout, stderr, code } = await runProgram(
    'nodemgr',
    ['show', 'run', '999', '--format', 'json'],
    { root },
  );
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'E_NO_RUN',
      message: expect.any(String),
      exitCode: 1,
      remedy: expect.any(String),
    },
  });
});

test('csv of every list has the same number of fields in each record; flat_json one path = value per line', async () => {
  for (const { program, argv } of commands.filter(({ list }) => list)) {
    const { stdout } = await runProgram(program, [...argv, '--format', 'csv'], { root });
    const counts = stdout
      .trimEnd()
      .split('\n')
      .map((record) => record.match(/'(?:[^']|'')*'/g)?.length);
    expect(new Set(counts).size, `${argv.join(' ')}\n${stdout}`).toBe(1);
    const flat = await runProgram(program, [...argv, '--format', 'flat_json'], { root });
    for (const line of flat.stdout.trimEnd().split('\n'))
      expect(line).toMatch(/^(\[\d+\]|\.)\S* = /);
  }
});
