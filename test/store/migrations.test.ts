import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { AgentError } from '../../lib/errors/agent-error.js';
import { openSqlite } from '../../lib/sqlite/open.js';
import { lastRunTable } from '../../lib/store/last-runs.js';
import { migrations } from '../../lib/store/migrations.js';
import { openStore, StoreUnwritableError } from '../../lib/store/store.js';
import { readTally } from '../../lib/store/tally.js';

let path: string;

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'nodemgr-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  path = join(directory, 'var', 'nodemgr.db');
});

/** A store as a program with `version` migrations left it. */
function oldStore(version: number, fill = ''): void {
  openStore(path).close();
  rmSync(path);
  const connection = openSqlite(path);
  for (const statement of migrations.slice(0, version)) connection.exec(statement);
  connection.pragma(`user_version = ${version}`);
  connection.exec(fill);
  connection.close();
}

function schema(): unknown[] {
  const store = openStore(path);
  try {
    return store.connection
      .prepare(`SELECT type, name, tbl_name FROM sqlite_schema ORDER BY type, name`)
      .all();
  } finally {
    store.close();
  }
}

test.each(migrations.map((_, version) => [version]))(
  'a store of schema %i becomes what a new one is',
  (version) => {
    const fresh = schema();
    oldStore(version);
    expect(schema()).toEqual(fresh);
    const store = openStore(path);
    expect(store.connection.pragma('integrity_check', { simple: true })).toBe('ok');
    store.close();
  },
);

test('from schema 1: last runs and the counts of the ledger are kept', () => {
  oldStore(
    1,
    `INSERT INTO last_run VALUES ('web', 'task#1', 'task#1', 1000, 2000, 'ok', 0);
     INSERT INTO run (scope, action, section, origin, state, slots, claimed_at)
       VALUES ('web', 'task#1', 'task#1', 'cron', 'missed', 17, 5),
              ('web', 'task#1', 'task#1', 'cron', 'ok', 1, 6);`,
  );
  const store = openStore(path);
  const key = { scope: 'web', action: 'task#1', section: 'task#1' };
  expect(lastRunTable(store).get(key)).toEqual({
    lastAt: 1000,
    slotAt: null,
    successAt: 2000,
    state: 'ok',
    exitCode: 0,
    durationMs: null,
  });
  expect(Object.fromEntries(readTally(store))).toEqual({ missed: 17, ok: 1 });
  store.close();
});

test('a new store belongs to its owner alone, and keeps its journal', () => {
  const store = openStore(path);
  store.immediate(() => undefined);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(store.connection.pragma('journal_mode', { simple: true })).toBe('persist');
  expect(store.connection.pragma('synchronous', { simple: true })).toBe(2);
  store.close();
});

function refusal(): AgentError {
  try {
    openStore(path).close();
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

test('a store of a newer version is left alone, with a remedy', () => {
  openStore(path).close();
  const connection = openSqlite(path);
  connection.pragma('user_version = 99');
  connection.close();
  expect(refusal()).toMatchObject({ code: 'E_STORE_NEWER', exitCode: 78 });
});

test('a file that is no store is named, with a remedy', () => {
  openStore(path).close();
  writeFileSync(path, 'this is not a database, and it is long enough to be looked at'.repeat(20));
  expect(refusal()).toMatchObject({ code: 'E_STORE_CORRUPT', exitCode: 74 });
});

test('something else in the place of the store is named, with a remedy', () => {
  const expected = {
    code: 'E_STORE_UNWRITABLE',
    remedy: `move away what stands in the way of ${path}`,
  };
  const refusal = () => {
    try {
      return openStore(path);
    } catch (error) {
      return error;
    }
  };
  const directory = dirname(path);
  writeFileSync(directory, '');
  expect(refusal()).toMatchObject(expected);
  expect(refusal()).toBeInstanceOf(StoreUnwritableError);
  rmSync(directory);
  mkdirSync(path, { recursive: true });
  expect(refusal()).toMatchObject(expected);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, '');
  path = join(directory, 'deeper', 'nodemgr.db');
  expect(refusal()).toMatchObject({
    ...expected,
    remedy: `move away what stands in the way of ${path}`,
  });
});

test('a store that another program keeps locked refuses the write, not the read', () => {
  openStore(path).close();
  const other = openSqlite(path);
  other.exec('BEGIN IMMEDIATE');
  const store = openStore(path);
  store.connection.pragma('busy_timeout = 50');
  expect(() => store.immediate(() => undefined)).toThrow(StoreUnwritableError);
  expect(store.connection.prepare('SELECT count(*) FROM run').pluck().get()).toBe(0);
  other.exec('ROLLBACK');
  other.close();
  expect(store.immediate(() => 'written')).toBe('written');
  store.close();
});
