/** What the tick runs itself: bounded, so that it ends before the next tick begins. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { ledgerWriter } from '../../lib/scheduler/ledger-writer.js';
import type { Store } from '../../lib/store/store.js';
import { createWorld, ending, quietNode } from './world.js';

const minute = 60_000;
const ten = Date.UTC(2026, 2, 3, 9);

test('a write that a later one takes along is told of its failure', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const full = {
    immediate() {
      throw new Error('no space');
    },
  } as unknown as Store;
  const ledger = ledgerWriter(full);
  ledger.later(() => undefined);
  const written = ledger.write(() => undefined);
  vi.advanceTimersByTime(1000); // the timer comes before the commit of the write
  await expect(written).rejects.toThrow('no space');
});

test('inline work is ended when the 50 s of the tick are over', async () => {
  const world = createWorld({
    start: ten,
    work: ending('ok'),
    files: { 'node.conf': quietNode.replace('[checks]\nschedule = @0', '[checks]\nschedule = @1') },
  });
  await world.tick(ten);
  // checks starts programs, so that it cannot end before the deadline is looked at.
  world.store.connection.exec("UPDATE task SET detached = 0 WHERE action = 'checks'");
  const before = world.rows().length;

  await world.tick(ten + minute);
  expect(world.rows().slice(before)).toMatchObject([{ action: 'checks', state: 'ok' }]);

  let elapsed = 0;
  world.deps.clock.monotonic = () => {
    elapsed += 51_000; // each look at the clock finds the budget used up
    return elapsed;
  };
  await world.tick(ten + 2 * minute);
  expect(world.rows().slice(before + 1)).toMatchObject([
    { action: 'checks', state: 'timeout', exitCode: 124 },
  ]);
  expect(world.batches).toHaveLength(1);
});
