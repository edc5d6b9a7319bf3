import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type RetentionLimits, trimRuns } from '../../lib/store/retention.js';
import { runTable } from '../../lib/store/runs.js';
import type { Store } from '../../lib/store/store.js';
import { readTally } from '../../lib/store/tally.js';
import { closedRun, fillLedger, openTestStore } from './open-test-store.js';

const from = Date.UTC(2026, 0, 1);
const wide: RetentionLimits = { maxAgeMs: 1e15, maxRuns: 1e9, maxBytes: 1e12, step: 500 };

function count(store: Store): number {
  return Number(store.connection.prepare('SELECT count(*) FROM run').pluck().get());
}

/** Trims until nothing is left to do. @returns the steps and the longest of them in ms */
function trimAll(store: Store, now: number, limits: RetentionLimits) {
  const took: number[] = [];
  for (let more = true; more; ) {
    const began = performance.now();
    more = store.immediate(() => trimRuns(store, now, limits).more);
    took.push(performance.now() - began);
  }
  return { steps: took.length, longestMs: Math.max(...took) };
}

test('10^5 runs stay under the count cap, oldest first, in short steps', () => {
  const store = openTestStore();
  fillLedger(store, 100_000, from);
  const { steps, longestMs } = trimAll(store, from, { ...wide, maxRuns: 20_000 });
  expect(count(store)).toBe(20_000);
  expect(steps).toBeGreaterThanOrEqual(160);
  expect(runTable(store).list({ limit: 1 })[0]?.id).toBe(100_000);
  expect(store.connection.prepare('SELECT min(id) FROM run').pluck().get()).toBe(80_001);
  console.info(`retention: ${steps} steps, longest ${longestMs.toFixed(1)} ms`);
  expect(longestMs).toBeLessThan(500);
}, 60_000);

test('the age limit takes one step at a time: a wrong clock does not empty the ledger', () => {
  const store = openTestStore();
  fillLedger(store, 5000, from);
  const limits = { ...wide, maxAgeMs: 86_400_000 };
  const result = store.immediate(() => trimRuns(store, from + 365 * 86_400_000, limits));
  expect(result).toEqual({ removed: 500, more: false });
  expect(count(store)).toBe(4500);
});

test('one old run that is still open neither goes nor takes the others with it', () => {
  const store = openTestStore();
  fillLedger(store, 3000, from);
  store.connection.prepare(`UPDATE run SET state = 'running' WHERE id = 1`).run();
  trimAll(store, from, { ...wide, maxRuns: 1000 });
  expect(count(store)).toBe(1000);
  // Ids are far apart now: their distance says nothing about the number of rows.
  trimAll(store, from, { ...wide, maxRuns: 1000 });
  expect(count(store)).toBe(1000);
  expect(runTable(store).get(1)?.state).toBe('running');
});

test('the size cap holds, and freed pages go back to the file system', () => {
  const store = openTestStore();
  fillLedger(store, 10_000, from, 4000);
  const before = statSync(store.path).size;
  expect(before).toBeGreaterThan(40 << 20);
  const limits = { ...wide, maxBytes: 10 << 20 };
  trimAll(store, from, limits);
  const used = (): number => {
    const of = (name: string): number => Number(store.connection.pragma(name, { simple: true }));
    return (of('page_count') - of('freelist_count')) * of('page_size');
  };
  expect(used()).toBeLessThan(10 << 20);
  for (let n = 0; n < 60; n++) store.immediate(() => trimRuns(store, from, limits));
  expect(statSync(store.path).size).toBeLessThan(before / 2);
  // What is added next reuses the rest.
  const size = statSync(store.path).size;
  fillLedger(store, 500, from + 1e9, 4000);
  expect(statSync(store.path).size).toBeLessThanOrEqual(size + (1 << 20));
}, 60_000);

test('the tally counts each slot once, by the state it came to', () => {
  const store = openTestStore();
  const runs = runTable(store);
  runs.close({ ...closedRun(1, from), slots: 17 });
  fillLedger(store, 3, from + 60_000);
  const base = { ...closedRun(2, from), claimedAt: from, batch: null, token: 't' };
  const owner = { ownerPid: 1, ownerStart: 1, bootId: 'b' };
  const id = runs.claim({ ...base, ...owner });
  expect(readTally(store).get('running')).toBeUndefined();
  const outcome = { exitCode: 1, signal: null, stdout: null, stderr: null, droppedBytes: null };
  const end = { ...outcome, id: id ?? 0, state: 'failed', reason: 'x', endedAt: from } as const;
  runs.end({ ...end, usage: null, log: null });
  runs.end({ ...end, usage: null, log: null });
  expect(Object.fromEntries(readTally(store))).toEqual({ missed: 17, ok: 3, failed: 1 });
});
