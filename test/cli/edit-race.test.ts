/** Several people, or several jobs of an automation, change the same files in the same second. */
import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseIni } from '../../lib/config/ini.js';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot } from '../support/root.js';

const many = Array.from({ length: 16 }, (_, n) => `k${n}`);

test('sixteen changes of one service at once: none is lost', async () => {
  const { directory, paths } = createRoot({ 'web.conf': '[env]\nfirst = 1\n' });
  const results = await Promise.all(
    many.map((key) =>
      runProgram('svcmgr', ['-s', 'web', 'set', `env.${key}=1`], { root: directory }),
    ),
  );
  expect(results.filter(({ code }) => code !== 0)).toEqual([]);
  const { byName } = parseIni(readFileSync(join(paths.etc, 'web.conf')));
  expect([...(byName.get('env')?.byKey.keys() ?? [])].sort()).toEqual(['first', ...many].sort());
});

test('sixteen changes of node.conf at once: none is lost', async () => {
  const { directory, paths } = createRoot({ 'node.conf': '[env]\nfirst = 1\n' });
  const changes = many.map((key) => ['set', '--force', `env.${key}=1`]);
  const results = await Promise.all(
    [...changes, ['unset', 'env.first']].map((argv) =>
      runProgram('nodemgr', argv, { root: directory }),
    ),
  );
  expect(results.filter(({ code }) => code !== 0)).toEqual([]);
  const { byName } = parseIni(readFileSync(paths.nodeConf));
  expect([...(byName.get('env')?.byKey.keys() ?? [])].sort()).toEqual([...many].sort());
});

test('a service that is made eight times at once is made once', async () => {
  const { directory, paths } = createRoot();
  const results = await Promise.all(
    many
      .slice(0, 8)
      .map((key) =>
        runProgram('svcmgr', ['-s', 'web', 'create', '--env', `who=${key}`], { root: directory }),
      ),
  );
  const made = results.flatMap(({ code }, n) => (code === 0 ? [`k${n}`] : []));
  expect(made).toHaveLength(1);
  const { byName } = parseIni(readFileSync(join(paths.etc, 'web.conf')));
  expect(byName.get('env')?.byKey.get('who')?.value).toBe(made[0]);
});

test('a service on which an action runs is not deleted under it, and what waited does not start a deleted one', async () => {
  const { directory, paths } = createRoot({
    'web.conf': '[app#1]\nscript = /bin/sh\nstart = /bin/sleep 8\n',
  });
  const options = { root: directory };
  const start = runProgram('svcmgr', ['-s', 'web', 'start'], options);
  const log = join(paths.log, 'web.log');
  const holder = join(paths.var, 'svc/web/lock.generic.holder');
  await waitFor(() => existsSync(holder) || undefined, 'the start at work');
  const refused = await runProgram('svcmgr', ['-s', 'web', 'delete', '--waitlock', '0'], options);
  expect(refused).toMatchObject({ stderr: expect.stringMatching(/web is locked by .*start/) });
  expect(refused.code).not.toBe(0);
  expect(readFileSync(join(paths.etc, 'web.conf'), 'utf8')).toContain('sleep 8');
  const waiting = runProgram('svcmgr', ['-s', 'web', 'start'], options);
  // It has read its file when its log says what it is about to do; then it waits.
  const begun = (): number =>
    readFileSync(log, 'utf8').match(/do svcmgr -s web start/g)?.length ?? 0;
  await waitFor(() => begun() === 2 || undefined, 'the second start');
  unlinkSync(join(paths.etc, 'web.conf'));
  await start;
  expect(await waiting).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('web: it was deleted meanwhile'),
  });
}, 60_000);
