import { expect, test } from 'vitest';
import { outboxTable } from '../../lib/store/outbox.js';
import { readOverview } from '../../lib/store/overview.js';
import { openTestStore } from './open-test-store.js';

const now = 1_000_000;

test('messages of one kind and key go out in order, those of others in between', () => {
  const store = openTestStore();
  const outbox = outboxTable(store);
  outbox.add('ping', 'a', 1, now);
  outbox.add('ping', 'a', 2, now);
  outbox.add('ping', 'b', 3, now);
  const first = outbox.lease(now, now + 100);
  const second = outbox.lease(now, now + 100);
  expect([first?.payload, second?.payload]).toEqual(['1', '3']);
  expect(outbox.lease(now, now + 100)).toBeUndefined();
  if (first) outbox.sent(first, now + 5);
  expect(outbox.lease(now + 5, now + 100)?.payload).toBe('2');
});

test('what waits behind a delayed message is not due: an idle tick stays idle', () => {
  const store = openTestStore();
  const outbox = outboxTable(store);
  outbox.add('ping', 'a', 1, now);
  outbox.add('ping', 'a', 2, now);
  const first = outbox.lease(now, now + 100);
  if (first) outbox.retry(first, now + 60_000, 'down');
  outbox.add('ping', 'a', 3, now + 1000);
  expect(readOverview(store).nextSend).toBe(now + 60_000);
  expect(outbox.lease(now + 59_999, now + 70_000)).toBeUndefined();
  expect(outbox.lease(now + 60_000, now + 70_000)).toMatchObject({ payload: '1', tries: 1 });
});

test('a message whose sender died is free again when its lease is over', () => {
  const outbox = outboxTable(openTestStore());
  outbox.add('ping', 'a', 1, now);
  outbox.lease(now, now + 100);
  expect(outbox.lease(now + 99, now + 300)).toBeUndefined();
  expect(outbox.lease(now + 100, now + 300)?.payload).toBe('1');
});

test('the outbox keeps the newest messages within its bounds', () => {
  const outbox = outboxTable(openTestStore());
  for (let n = 0; n < 50; n++) outbox.add('hook', `k${n}`, n, now + n);
  expect(outbox.trim(now + 100, { maxMessages: 10, maxAgeMs: 1_000_000 })).toBe(40);
  expect(outbox.all().map(({ payload }) => payload)).toEqual(
    Array.from({ length: 10 }, (_, n) => String(n + 40)),
  );
  expect(outbox.trim(now + 200, { maxMessages: 10, maxAgeMs: 155 })).toBe(5);
});

test('what is meant for a server out of reach waits, what is meant for others does not', () => {
  const store = openTestStore();
  const outbox = outboxTable(store);
  outbox.add('ping', 'a', { target: 'http://down/a' }, now);
  outbox.add('ping', 'b', { target: 'http://down/b' }, now);
  outbox.add('ping', 'c', { target: 'http://down' }, now);
  outbox.add('ping', 'd', { target: 'http://down.town/c' }, now);
  outbox.postpone('ping', 'http://down', now + 1000);
  expect(outbox.all().map(({ nextTry }) => nextTry - now)).toEqual([1000, 1000, 1000, 0]);
});

test('a full-state push keeps the newest of its key', () => {
  const outbox = outboxTable(openTestStore());
  outbox.replace('push', 'asset', 1, now);
  outbox.replace('push', 'asset', 2, now);
  outbox.replace('push', 'pkg', 3, now);
  expect(outbox.all().map(({ payload }) => payload)).toEqual(['2', '3']);
});
