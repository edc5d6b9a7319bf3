/** task.podman with real containers, task.docker by its command lines. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../lib/env/clock.js';
import { pathsBelow } from '../../lib/env/paths.js';
import { createRunner, nothingRan, type Run } from '../../lib/exec/run.js';
import { silentLog } from '../../lib/log/log.js';
import { runTaskResource } from '../../lib/service/run-task.js';
import { lacks } from '../support/can.js';
import { createPodman, image, limits, type Podman } from './podman.js';

/** Runs `task#1` of a service with these lines. */
function runTask(lines: string, run: Run) {
  const place = mkdtempSync(join(tmpdir(), 'nodemgr-task-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const paths = pathsBelow(place);
  mkdirSync(paths.etc, { recursive: true });
  writeFileSync(join(paths.etc, 'web.conf'), `[task#1]\n${lines}\n`, { mode: 0o600 });
  return runTaskResource(
    {
      scope: 'web',
      rid: 'task#1',
      runId: 7,
      origin: 'manual',
      slotBegin: null,
      slotEnd: null,
      confirmed: undefined,
    },
    {
      paths,
      nodename: 'node1',
      log: silentLog,
      hide: () => undefined,
      run,
      clock: systemClock,
      env: {},
      nodeConf: () => undefined,
      lastRun: async () => undefined,
    },
  );
}

describe.skipIf(lacks('root', 'podman'))('task.podman', () => {
  let podman: Podman;
  const real = createRunner({ env: { HOME: '/root' } });
  const run: Run = (argv, options) => real(podman.wrap(argv), options);
  const base = `type = podman\nimage = ${image}\nnetns = none\nrun_args = ${limits}`;
  const left = (): string => podman.run('ps', '-aq').trim();

  test('what it prints, its exit code, and nothing left', async () => {
    podman = createPodman();
    const fine = await runTask(
      `${base}\ncommand = /bin/sh -c 'echo "$A"; hostname'\nenvironment = "A=two words"\nhostname = inner`,
      run,
    );
    expect(fine).toMatchObject({ state: 'ok', exitCode: 0, stdout: 'two words\ninner\n' });
    const bad = await runTask(`${base}\ncommand = /bin/sh -c 'exit 3'`, run);
    expect(bad).toMatchObject({ state: 'failed', exitCode: 3, reason: 'exit code 3' });
    const missing = await runTask(`${base}\ncommand = /no/such`, run);
    expect(missing).toMatchObject({ state: 'failed' });
    expect([126, 127]).toContain(missing.exitCode);
    expect(left()).toBe('');
  });

  test('one that takes too long is gone with its container', async () => {
    podman = createPodman();
    const outcome = await runTask(`${base}\ncommand = /bin/sleep 1000\ntimeout = 1s`, run);
    expect(outcome).toMatchObject({ state: 'timeout', exitCode: 124 });
    expect(left()).toBe('');
  }, 60_000);

  test('one that is interrupted, too', async () => {
    podman = createPodman();
    const controller = new AbortController();
    const outcome = runTask(`${base}\ncommand = /bin/sleep 1000`, (argv, options) =>
      run(argv, argv[1] === 'run' ? { signal: controller.signal, ...options } : options),
    );
    while (podman.run('ps', '-q').trim() === '') await Promise.resolve();
    controller.abort();
    expect(await outcome).toMatchObject({ state: 'failed', reason: 'interrupted' });
    expect(left()).toBe('');
  }, 60_000);
});

test('task.docker (captured output)', async () => {
  const commands: string[] = [];
  const fake: Run = (argv) => {
    commands.push(argv.join(' '));
    const fails = argv[0] === 'docker' ? { exitCode: 125 } : {};
    return Promise.resolve({ ...nothingRan, argv, startedAt: 0, endedAt: 0, ...fails });
  };
  const lines =
    'type = docker\nimage = alpine:3\ncommand = date -u\nnetns = container#2\nimage_pull_policy = always\non_error = logger sorry\nprivileged = true';
  expect(await runTask(lines, fake)).toMatchObject({ state: 'failed', reason: 'exit code 125' });
  expect(commands).toEqual([
    'docker run --rm --name=web.task.1.7 --pull always --privileged --net=container:web.container.2 alpine:3 date -u',
    'logger sorry',
  ]);
  commands.length = 0;
  expect(await runTask(`${lines}\nconfirmation = true`, fake)).toMatchObject({ state: 'skipped' });
  expect(commands).toEqual([]);
});
