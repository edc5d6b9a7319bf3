import { expect, test } from 'vitest';
import { simulate } from '../scheduler/simulation.js';

test('a simulated year of the 1-minute schedule: every slot ends as exactly one state', async () => {
  const accounts = await simulate({
    schedules: ['@1', '@10', '~00:00-06:00@361 mon-sun', '09:00-17:00@1 mon-fri'],
    start: Date.UTC(2025, 11, 31, 23),
    days: 365,
    seed: 1,
    outages: 60,
  });
  for (const account of accounts) expect(account.differences, account.schedule).toEqual([]);
});
