/** svcmon: one row for each service, in the layout of the first generation (spec service 5.4). */
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cronEnvironment, runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram } from './edge.js';

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });

const services = {
  'svc1.conf': '[DEFAULT]\napp = myapp\nenv = TST\n[fs#1]\ntype = flag\n',
  'long-name.conf': `[DEFAULT]
app = elevenchars
env = PRD
topology = flex
disable = true
[container#1]
type = docker
image = none
`,
};

test('the columns of the specification, to the blank', async () => {
  const root = createRoot({ 'svc1.conf': services['svc1.conf'] });
  await svcmgr(root, 'svc1', 'start');
  const { stdout, stderr, code } = await svcmgr(root, 'svcmon');
  expect({ stdout, stderr, code }).toEqual({
    stdout: `        app        type topology container | frozen disabled | avail      overall    
        -----------------------------------+-----------------+-----------------------
svc1    myapp      TST  failover -         | no     no       | up         up        
`,
    stderr: '',
    code: 0,
  });
});

test('long names and apps, other words in each column', async () => {
  const root = createRoot(services);
  await svcmgr(root, 'long-name', 'freeze');
  const { stdout } = await svcmgr(root, 'svcmon', '--refresh');
  expect(stdout.split('\n').slice(2)).toEqual([
    'long-name elevencha* PRD  flex     docker    | yes    yes      | n/a        n/a       ',
    'svc1      myapp      TST  failover -         | no     no       | down       down      ',
    '',
  ]);
});

test('-v adds the groups; a selection; colours; JSON; without services only the head', async () => {
  const root = createRoot(services);
  const { stdout } = await svcmgr(root, '-s', 'svc1', 'svcmon', '-v');
  const [head = '', rule = '', row = ''] = stdout.split('\n');
  expect(head.slice(85)).toBe(
    '| container  ip         disk       fs         share      app        hb         sync       ',
  );
  expect(row.slice(85)).toBe(
    '| n/a        n/a        n/a        down       n/a        n/a        n/a        n/a       ',
  );
  expect(rule.slice(85)).toBe(`+${'-'.repeat(89)}`);
  const coloured = await svcmgr(root, 'svc1', 'svcmon', '--color', 'always');
  expect(coloured.stdout).toContain('\x1b[1msvc1   \x1b[22m');
  expect(coloured.stdout).toContain('\x1b[31mdown      \x1b[39m');
  const json = JSON.parse((await svcmgr(root, 'svcmon', '--format', 'json')).stdout);
  expect(Object.keys(json)).toEqual(['long-name', 'schema', 'svc1']);
  expect(await svcmgr(createRoot(), 'svcmon')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ +app .*\n +-+\+-+\+-+\n$/),
  });
  expect((await svcmgr(root, '-s', 'none', 'svcmon')).code).toBe(1);
});

test('svcmgr called svcmon is that command', () => {
  const root = createRoot({ 'svc1.conf': services['svc1.conf'] });
  const link = join(root.directory, 'svcmon');
  symlinkSync(distProgram('svcmgr'), link);
  const env = { ...cronEnvironment, NODEMGR_ROOT: root.directory };
  const text = execFileSync(process.execPath, [link, '-s', 'svc1', '-v'], {
    env,
    encoding: 'utf8',
  });
  expect(text).toMatch(/^ +app .* sync {7}\n/);
});
