import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { type Connection, openSqlite } from '../sqlite/open.js';
import { migrations } from './migrations.js';

/**
 * The store cannot take a write: full disk, read-only or failing file system, or another program that
 * does not give it back. Reads may still work.
 */
export class StoreUnwritableError extends AgentError {
  constructor(path: string, cause: unknown) {
    const code = sqliteCode(cause);
    const busy = code.startsWith('SQLITE_BUSY');
    super(
      busy ? 'E_STORE_BUSY' : 'E_STORE_UNWRITABLE',
      `${path} cannot be written: ${describe(cause)}`,
      {
        exit: busy ? 'tryAgain' : 'io',
        remedy: busy
          ? 'another program keeps it locked (`fuser` names it); the next tick tries again'
          : inTheWay.test(code)
            ? `move away what stands in the way of ${path}`
            : 'free space on its file system or mount it read-write; the next tick goes on by itself',
        cause,
      },
    );
  }
}

/** A file where a directory has to be, or the other way round. */
const inTheWay = /^E(NOTDIR|EXIST|ISDIR)$/;

const unwritable = /^SQLITE_(FULL|READONLY|IOERR|CANTOPEN|PERM|BUSY)/;
const corrupt = /^SQLITE_(NOTADB|CORRUPT)/;

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function sqliteCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * Makes the queries of one table: its statements are prepared once for each open store, on first
 * use.
 */
export function defineTable<T>(prepare: (store: Store) => T): (store: Store) => T {
  const prepared = new WeakMap<Store, T>();
  return (store) => {
    let table = prepared.get(store);
    if (!table) {
      table = prepare(store);
      prepared.set(store, table);
    }
    return table;
  };
}

/** What an error of SQLite means to an operator; anything else comes back as it is. */
export function storeError(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (corrupt.test(code)) {
    return new AgentError('E_STORE_CORRUPT', `${path} is not a usable store: ${describe(error)}`, {
      exit: 'io',
      remedy: `move ${path} away; the next tick makes a new one (the run history starts anew)`,
      cause: error,
    });
  }
  return unwritable.test(code) ? new StoreUnwritableError(path, error) : error;
}

export interface Store {
  readonly path: string;
  readonly connection: Connection;
  /**
   * Runs `work` in one BEGIN IMMEDIATE transaction. It must not await.
   * @throws StoreUnwritableError when the write is refused; nothing is then changed
   */
  immediate<T>(work: () => T): T;
  close(): void;
}

/** Whether the file was written by this version of the schema. */
export function isCurrent(connection: Connection): boolean {
  return connection.pragma('user_version', { simple: true }) === migrations.length;
}

/** How a connection writes. Readers need none of it, so it waits for the first write. */
function prepareWrites(connection: Connection): void {
  connection.pragma('journal_mode = PERSIST');
  connection.pragma('synchronous = FULL');
}

function migrate(connection: Connection): void {
  prepareWrites(connection);
  // Counts only for a file that is still empty: freed pages can then be given back in small steps.
  connection.pragma('auto_vacuum = INCREMENTAL');
  connection
    .transaction(() => {
      const from = Number(connection.pragma('user_version', { simple: true }));
      if (from > migrations.length) {
        throw new AgentError(
          'E_STORE_NEWER',
          `${connection.name} was written by a newer version (schema ${from}, ours is ${migrations.length})`,
          { exit: 'config', remedy: 'upgrade this installation, or move the file away' },
        );
      }
      for (const statement of migrations.slice(from)) connection.exec(statement);
      connection.pragma(`user_version = ${migrations.length}`);
    })
    .immediate();
}

/**
 * Opens the store, creating it with its directory when missing (file mode 0600). The journal is a
 * rollback journal that is kept (`PERSIST`): it needs no shared memory file, so that reading works on
 * a full disk.
 *
 * @throws StoreUnwritableError when it has to be created or migrated and cannot be
 */
export function openStore(path: string): Store {
  let connection: Connection | undefined;
  try {
    connection = openOrCreate(path);
    if (!isCurrent(connection)) migrate(connection);
  } catch (error) {
    connection?.close();
    const code = sqliteCode(error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new AgentError('E_STORE_DENIED', `${path} is not accessible for this user`, {
        exit: 'notPermitted',
        remedy:
          'run it as the owner of the store (root), or set NODEMGR_ROOT to a directory of yours',
        cause: error,
      });
    }
    if (/^E(NOSPC|ROFS|IO|DQUOT)$/.test(code) || inTheWay.test(code)) {
      throw new StoreUnwritableError(path, error);
    }
    throw storeError(path, error);
  }
  return storeOn(path, connection);
}

function openOrCreate(path: string): Connection {
  try {
    return openSqlite(path, { mustExist: true });
  } catch (error) {
    if (error instanceof AgentError) throw error;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      // Made with its mode: not even for an instant can others open it.
      closeSync(openSync(path, 'a', 0o600));
    } catch (cause) {
      throw creationError(path, cause);
    }
    return openSqlite(path, { mustExist: true });
  }
}

function creationError(path: string, cause: unknown): unknown {
  const code = errnoOf(cause);
  if (code === 'EACCES' || code === 'EPERM') {
    return new AgentError('E_STORE_PERMISSION', `${path} cannot be opened: permission denied`, {
      exit: 'notPermitted',
      remedy: 'run it as root, or as the user that the store belongs to',
      cause,
    });
  }
  // Node.js calls a read-only file system ENOENT here.
  return code === undefined ? cause : new StoreUnwritableError(path, cause);
}

function storeOn(path: string, connection: Connection): Store {
  let prepared = false;
  return {
    path,
    connection,
    immediate(work) {
      try {
        if (!prepared) prepareWrites(connection);
        prepared = true;
        return connection.transaction(work).immediate();
      } catch (error) {
        throw storeError(path, error);
      }
    },
    close: () => connection.close(),
  };
}
