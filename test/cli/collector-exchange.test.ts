/** What services would exchange with a collector, on a node that has none. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { createRoot } from '../support/root.js';

const config = `[fs#1]
type = flag
[ip#1]
ipname = 10.98.1.1
ipdev = nodev0
dns_update = true
dns_name_suffix = -front
[ip#2]
ipname = 10.98.1.2
ipdev = nodev0
`;

function svcmgr(node = '') {
  const root = createRoot({ 'web.conf': config, 'node.conf': `[node]\n${node}\n` });
  const run = (...argv: string[]) => runProgram('svcmgr', argv, { root: root.directory });
  return { run, root };
}

test.each([
  ['push', 'the configuration is not sent'],
  ['push_config', 'the configuration is not sent'],
  ['push config', 'the configuration is not sent'],
  ['push_env', 'the configuration is not sent'],
  ['push_resinfo', 'what its resources tell of themselves is not sent'],
  ['push_appinfo', 'what its resources tell of themselves is not sent'],
  ['push_service_status', 'its statuses are refreshed and not sent'],
  ['pull', 'the configuration stays as it is'],
])('%s: exit 0, and the line that says why nothing happens', async (words, text) => {
  const { code, stdout, stderr } = await svcmgr().run('-s', 'web', ...words.split(' '));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`\\.web no collector is configured: ${text}\\n$`));
});

test('push_service_status refreshes what print status shows', async () => {
  const { run, root } = svcmgr();
  expect(existsSync(root.paths.store)).toBe(false);
  await run('-s', 'web', 'push_service_status');
  const { stdout } = await run('-s', 'web', 'print', 'status', '--format', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ resources: { 'fs#1': { status: 'down' } } });
});

test('dns_update: a line for each address that has the keyword, with the name it would get', async () => {
  const { run } = svcmgr();
  const { code, stdout } = await run('web', 'dns_update');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^\S+\.web\.ip#1 no collector is configured: web-front stays without a record of 10\.98\.1\.1\n$/,
  );
  const other = await run('web', 'dns_update', '--rid', 'ip#2');
  expect(other.stdout).toMatch(
    /\.web no collector is configured: no address has dns_update anyway\n$/,
  );
  expect((await run('web', 'dns_update', '--rid', 'ip#9')).code).toBe(1);
});

test('where a collector is configured nothing is silently left out', async () => {
  const { run } = svcmgr('dbopensvc = https://collector.example.com');
  const { code, stdout, stderr } = await run('web', 'push');
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toContain('web: this version talks to no collector\n  remove node.dbopensvc');
  expect((await svcmgr('dbopensvc = None').run('web', 'push')).code).toBe(0);
});

test('the keywords of the record are known', async () => {
  const { run } = svcmgr();
  expect(await run('-s', 'web', 'validate', 'config')).toMatchObject({ code: 0 });
});
