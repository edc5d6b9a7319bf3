import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isDead, readProcessStat } from '../../lib/env/process-identity.js';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { processesOf, query, quiet, quietNode, runsOf, tickIn } from './rig.js';

/** Forks twice, leaves the session and ignores the polite signal. */
const runaway = `#!/bin/sh
( setsid sh -c 'trap "" TERM; ( sleep 301 & echo $! > "$0/deep"; wait ) & wait' "$1" & ) &
sleep 302
`;

/** A zombie that its new parent has not looked at yet is no process any more. */
function lives(pid: number): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && !isDead(stat);
}

test('a task that forks twice and calls setsid is fully gone after its timeout; others are unaffected', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  const script = root.write('runaway.sh', runaway);
  root.write(
    'web.conf',
    `[task#1]\ncommand = /bin/sh ${script} ${root.directory}\nschedule = *\ntimeout = 1s\n` +
      `[task#2]\ncommand = /bin/sh -c 'sleep 2; echo done'\nschedule = *\n`,
  );
  root.write('db.conf', '[task#1]\ncommand = /bin/echo fine\nschedule = *\n');
  await tickIn(root.directory);
  const deep = join(root.directory, 'deep');
  await waitFor(() => (existsSync(deep) && statSync(deep).size > 1 ? true : undefined), 'the fork');
  const pid = readFileSync(deep, 'utf8').trim();
  expect(lives(Number(pid))).toBe(true);
  await quiet(root.directory, 40_000);

  expect(lives(Number(pid))).toBe(false);
  expect(processesOf(root.directory)).toEqual([]);
  const states = Object.fromEntries(
    runsOf(root.paths).map(({ scope, section, state, reason }) => [
      `${scope} ${section}`,
      state === 'ok' ? state : `${state}: ${reason}`,
    ]),
  );
  expect(states).toEqual({
    'web task#1': 'timeout: longer than 1s',
    'web task#2': 'ok',
    'db task#1': 'ok',
  });
  const { stdout } = await runProgram(
    'nodemgr',
    ['print', 'runs', '--failed', '--format', 'json'],
    {
      root: root.directory,
    },
  );
  expect(JSON.parse(stdout)).toMatchObject([
    { state: 'timeout', exit_code: 124, reason: 'longer than 1s' },
  ]);
}, 60_000);

test('a task of 100 MB output is cut with a marker and uses bounded memory', async () => {
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf':
      "[task#1]\ncommand = /bin/sh -c 'yes 012345678901234567890123456789012345678 | head -c 100000000; echo the end'\nschedule = *\n",
  });
  await tickIn(root.directory);
  const peak = (): number | undefined => {
    const [row] = query<{ pid: number; state: string }>(
      root.paths,
      'SELECT owner_pid AS pid, state FROM run',
    );
    if (row?.state !== 'running') return undefined;
    try {
      const status = readFileSync(`/proc/${row.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    } catch {
      return undefined;
    }
  };
  let peakMib = 0;
  await waitFor(
    () => {
      peakMib = Math.max(peakMib, peak() ?? 0);
      return processesOf(root.directory).length === 0 ? true : undefined;
    },
    'the end of the task',
    120_000,
  );
  console.info(`worker with 100 MB of output: peak ${peakMib.toFixed(0)} MiB`);
  expect(peakMib).toBeGreaterThan(20);
  expect(peakMib).toBeLessThan(160);

  const { stdout } = await runProgram('nodemgr', ['show', 'run', '1'], { root: root.directory });
  expect(stdout).toMatch(/\[\.\.\. \d+ bytes dropped \.\.\.\]/);
  expect(stdout).toMatch(/the end/);
  expect(stdout.length).toBeLessThan(200_000);
  const detail = await runProgram('nodemgr', ['show', 'run', '1', '--format', 'json'], {
    root: root.directory,
  });
  const data = JSON.parse(detail.stdout);
  expect(data.state).toBe('ok');
  expect(data.dropped_bytes).toBeGreaterThan(99_000_000);
  const logs = readdirSync(root.paths.log).map((name) => statSync(join(root.paths.log, name)).size);
  expect(logs.reduce((sum, size) => sum + size, 0)).toBeLessThan(8 << 20);
}, 150_000);
