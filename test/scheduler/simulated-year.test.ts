import { expect, test } from 'vitest';
import { simulate, type TaskAccount } from './simulation.js';

/** 1 January 2026, 00:00 in Paris. */
const newYear = Date.UTC(2025, 11, 31, 23);

function totals(accounts: readonly TaskAccount[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { states } of accounts) {
    for (const [state, n] of Object.entries(states)) sum[state] = (sum[state] ?? 0) + n;
  }
  return sum;
}

test('a simulated year of ticks with jitter: every slot ends as exactly one state, none twice', async () => {
  const accounts = await simulate({
    schedules: [
      '@10',
      '~00:00-06:00@361 mon-sun',
      '0 9 * * 1',
      '09:00-17:00@30 mon-fri',
      '02:30',
      '30 2 * * *',
    ],
    start: newYear,
    days: 365,
    seed: 20260101,
    outages: 40,
  });
  for (const account of accounts) expect(account.differences, account.schedule).toEqual([]);
  // The world did what it had to: each kind of end was there, and most slots ran.
  const sum = totals(accounts);
  for (const state of ['ok', 'failed', 'timeout', 'lost', 'missed', 'skipped']) {
    expect(sum[state], state).toBeGreaterThan(0);
  }
  expect(accounts[0]?.expected.run).toBeGreaterThan(45_000);
  expect(accounts[1]?.expected.run).toBeGreaterThan(350);
  expect(accounts[2]?.expected.run).toBeGreaterThan(45);
}, 600_000);

test('simulated ticks of the 1-minute schedule over a clock change: every slot ends as exactly one state', async () => {
  const accounts = await simulate({
    schedules: ['@1', '@7'],
    start: Date.UTC(2026, 2, 24, 23),
    days: 8,
    seed: 7,
    outages: 4,
  });
  for (const account of accounts) expect(account.differences, account.schedule).toEqual([]);
  expect(accounts[0]?.expected.run).toBeGreaterThan(6_000);
}, 600_000);
