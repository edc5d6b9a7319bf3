/** The clock of the built program moved by libfaketime: what clock.test.ts proves with a variable. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeTimeLibrary, lacks } from '../support/can.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { quiet, quietNode, runsOf, tickIn } from './rig.js';

/** One tick whose clock differs from ours: `-12h`, `+365d`. */
async function tickAt(root: TestRoot, offset: string): Promise<void> {
  const env = {
    LD_PRELOAD: fakeTimeLibrary() ?? '',
    FAKETIME: offset,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  expect(await tickIn(root.directory, env)).toEqual({ code: 0, stdout: '', stderr: '' });
  await quiet(root.directory);
}

/** How often the log, rotated at each new day, told of a clock that was set back or forward. */
function warnings(root: TestRoot): { back: number; forward: number } {
  const names = existsSync(root.paths.log) ? readdirSync(root.paths.log) : [];
  const text = names
    .filter((name) => name.startsWith('node'))
    .map((name) => readFileSync(join(root.paths.log, name), 'utf8'))
    .join('');
  const count = (way: string): number => text.split(`the clock was set ${way}`).length - 1;
  return { back: count('back'), forward: count('forward') };
}

test.skipIf(lacks('faketime'))(
  'clock set back 12 h and forward a year, real process: work resumes at the next tick, the log says so once each',
  async () => {
    const root = createRoot({
      'node.conf': quietNode,
      'web.conf': '[task#1]\ncommand = /bin/true\nschedule = @10\n',
    });
    const ok = (): number => runsOf(root.paths).filter(({ state }) => state === 'ok').length;
    await tickAt(root, '+0');
    expect(ok()).toBe(1);
    await tickAt(root, '-12h');
    expect(ok()).toBe(2);
    await tickAt(root, '-718m');
    expect(ok()).toBe(2);
    expect(warnings(root)).toEqual({ back: 1, forward: 0 });
    await tickAt(root, '+365d');
    expect(ok()).toBe(3);
    await tickAt(root, '+365d');
    expect(warnings(root)).toEqual({ back: 1, forward: 1 });
    await tickAt(root, '+0');
    await tickAt(root, '+11m');
    expect(warnings(root)).toEqual({ back: 2, forward: 2 });
    expect(ok()).toBeGreaterThanOrEqual(4);
  },
  60_000,
);
