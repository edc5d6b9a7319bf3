import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ClosedRun } from '../../lib/store/runs.js';
import { openStore, type Store } from '../../lib/store/store.js';
import { memoryDirectory } from '../scheduler/world.js';

/** An empty store of its own for one test. */
export function openTestStore(): Store {
  const directory = mkdtempSync(join(memoryDirectory(), 'nodemgr-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const store = openStore(join(directory, 'nodemgr.db'));
  onTestFinished(() => store.close());
  return store;
}

/** A closed slot for the ledger. */
export function closedRun(n: number, at: number): ClosedRun {
  return {
    scope: `s${n % 1000}`,
    action: 'task#1',
    section: 'task#1',
    origin: 'cron',
    state: 'missed',
    reason: 'no tick while it was due',
    epoch: 0,
    slotBegin: at,
    slotEnd: null,
    slots: 1,
    at,
  };
}

/** Fills the ledger with runs that have some output, `count` of them a minute apart from `from` on. */
export function fillLedger(store: Store, count: number, from: number, outputBytes = 200): void {
  const insert = store.connection.prepare(`
    INSERT INTO run (scope, action, section, origin, state, epoch, slot_begin, claimed_at, started_at,
      ended_at, exit_code, stdout)
    VALUES (@scope, 'task#1', 'task#1', 'cron', 'ok', 0, @at, @at, @at, @at + 5, 0, @stdout)`);
  const stdout = 'x'.repeat(outputBytes);
  for (let done = 0; done < count; done += 10_000) {
    store.immediate(() => {
      for (let n = done; n < Math.min(count, done + 10_000); n++) {
        insert.run({ scope: `s${n % 1000}`, at: from + n * 60_000, stdout });
      }
    });
  }
}
