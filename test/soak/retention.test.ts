import { expect, test } from 'vitest';
import { type RetentionLimits, trimRuns } from '../../lib/store/retention.js';
import { fillLedger, openTestStore } from '../store/open-test-store.js';

test('10^6 runs stay under the caps, one step stays short', () => {
  const store = openTestStore();
  const from = Date.UTC(2026, 0, 1);
  fillLedger(store, 1_000_000, from, 300);
  const limits: RetentionLimits = { maxAgeMs: 1e15, maxRuns: 200_000, maxBytes: 1e12, step: 500 };
  const took: number[] = [];
  for (let more = true; more; ) {
    const began = performance.now();
    more = store.immediate(() => trimRuns(store, from, limits).more);
    took.push(performance.now() - began);
  }
  const left = store.connection.prepare('SELECT count(*) FROM run').pluck().get();
  console.info(`first ${took[0]?.toFixed(1)} ms, last ${took.at(-1)?.toFixed(1)} ms`);
  took.sort((a, b) => a - b);
  const at = (share: number): string =>
    (took[Math.floor((took.length - 1) * share)] ?? 0).toFixed(1);
  console.info(`10^6 runs: ${took.length} steps, median ${at(0.5)} ms, longest ${at(1)} ms`);
  expect(left).toBe(200_000);
  expect(Number(at(0.99))).toBeLessThan(200);
});
