import { defineTable } from './store.js';

/** A message to the outside world that waits for its delivery. */
export interface Message {
  id: number;
  kind: string;
  key: string;
  /** JSON, as its kind wants it. */
  payload: string;
  createdAt: number;
  tries: number;
  nextTry: number;
  lastError: string | null;
}

export interface OutboxLimits {
  maxMessages: number;
  maxAgeMs: number;
}

const columns = `id, kind, key, payload, created_at AS createdAt, tries, next_try AS nextTry,
  last_error AS lastError`;

/**
 * The outbox. Events keep every message within bounds; a full-state push keeps the newest per key
 * (`replace`). A sender leases a message, so that two processes do not send it at once.
 */
export const outboxTable = defineTable((store) => {
  const db = store.connection;
  const add = db.prepare<{ kind: string; key: string; payload: string; at: number }>(`
    INSERT INTO outbox (kind, key, payload, created_at, next_try)
    VALUES (@kind, @key, @payload, @at, max(@at, coalesce(
      (SELECT max(next_try) FROM outbox WHERE kind = @kind AND key = @key), @at)))`);
  const drop = db.prepare<{ kind: string; key: string }>(
    'DELETE FROM outbox WHERE kind = @kind AND key = @key',
  );
  const lease = db.prepare<{ now: number; until: number }, Message>(`
    UPDATE outbox SET lease_until = @until WHERE id = (
      SELECT id FROM outbox WHERE next_try <= @now
        AND (lease_until IS NULL OR lease_until <= @now)
        AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
          WHERE earlier.kind = outbox.kind AND earlier.key = outbox.key AND earlier.id < outbox.id)
      ORDER BY id LIMIT 1)
    RETURNING ${columns}`);
  // Those behind a message wait for as long as it does: else they would look due at every tick.
  const delay = db.prepare<{ kind: string; key: string; at: number }>(
    'UPDATE outbox SET next_try = @at WHERE kind = @kind AND key = @key',
  );
  const remove = db.prepare<[number]>('DELETE FROM outbox WHERE id = ?');
  const retry = db.prepare<{ id: number; error: string }>(
    'UPDATE outbox SET tries = tries + 1, lease_until = NULL, last_error = @error WHERE id = @id',
  );
  const postpone = db.prepare<{ kind: string; origin: string; at: number }>(`
    UPDATE outbox SET next_try = @at WHERE kind = @kind AND next_try < @at AND lease_until IS NULL
      AND substr((payload ->> 'target') || '/', 1, length(@origin) + 1) = @origin || '/'`);
  const wake = db.prepare<{ now: number; until: number }>(`
    UPDATE outbox SET next_try = min(next_try, @now), lease_until = min(lease_until, @until)
    WHERE next_try > @now OR lease_until > @until`);
  const trim = db.prepare<{ before: number; keep: number }>(`
    DELETE FROM outbox WHERE created_at < @before
      OR id <= (SELECT id FROM outbox ORDER BY id DESC LIMIT 1 OFFSET @keep)`);
  const all = db.prepare<[], Message>(`SELECT ${columns} FROM outbox ORDER BY id`);
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM outbox');

  return {
    add: (kind: string, key: string, payload: unknown, at: number): void =>
      void add.run({ kind, key, payload: JSON.stringify(payload), at }),
    replace(kind: string, key: string, payload: unknown, at: number): void {
      drop.run({ kind, key });
      add.run({ kind, key, payload: JSON.stringify(payload), at });
    },
    /**
     * Takes the oldest message that wants to be sent; messages of one kind and key go out in order.
     * The lease ends by itself at `until` when the sender dies.
     */
    lease(now: number, until: number): Message | undefined {
      const message = lease.get({ now, until });
      if (message) delay.run({ kind: message.kind, key: message.key, at: until });
      return message;
    },
    /** The message was delivered; the next one of its key may go at once. */
    sent({ id, kind, key }: Message, now: number): void {
      remove.run(id);
      delay.run({ kind, key, at: now });
    },
    retry({ id, kind, key }: Message, at: number, error: string): void {
      retry.run({ id, error });
      delay.run({ kind, key, at });
    },
    /** The server at `origin` is out of reach: all messages to it wait as well. */
    postpone: (kind: string, origin: string, at: number): void =>
      void postpone.run({ kind, origin, at }),
    /** The clock was set back: what waits for an instant that is far away now is due. */
    wake: (now: number, leaseMs: number): void => void wake.run({ now, until: now + leaseMs }),
    /** @returns how many messages were given up */
    trim: (now: number, limits: OutboxLimits): number =>
      trim.run({ before: now - limits.maxAgeMs, keep: limits.maxMessages }).changes,
    all: (): Message[] => all.all(),
    count: (): number => count.get()?.n ?? 0,
  };
});
