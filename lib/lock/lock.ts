import { AsyncLocalStorage } from 'node:async_hooks';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../env/clock.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';
import { type Connection, openSqlite } from '../sqlite/open.js';
import { holderOf, type LockHolder, removeHolder, writeHolder } from './holder.js';

export { endHolder, holderOf, holderSuffix, type LockHolder } from './holder.js';

export interface LockOptions {
  /** What the holder is doing, for the message of others: `start`, `sync_nodes`. */
  intent: string;
  /** How long to wait for another holder, ms; 0 is one try. Default 0. */
  waitMs?: number;
  /** What is locked, as the operator knows it; default: the path. */
  object?: string;
  /** UTC milliseconds. */
  now?: () => number;
  signal?: AbortSignal;
}

export interface Lock {
  readonly path: string;
  /** Tells others which resources are being worked on, joined by commas. */
  progress(rids: string): void;
  /** Gives the lock back; more than once does no harm. */
  release(): void;
}

/** Another process, or another flow of this one, holds the lock. */
export class LockBusyError extends AgentError {
  readonly path: string;
  readonly holder: LockHolder | undefined;

  constructor(path: string, object: string, holder: LockHolder | undefined) {
    super('E_LOCK_BUSY', `${object} is locked by ${describeHolder(holder)}`, {
      exit: 'tryAgain',
      remedy: holder
        ? `try again later, or look at process ${holder.pid}`
        : 'try again later; `fuser` names the process that has the file open',
    });
    this.path = path;
    this.holder = holder;
  }
}

function describeHolder(holder: LockHolder | undefined): string {
  if (!holder) return 'another process';
  const since = new Date(holder.since).toTimeString().slice(0, 8);
  const progress = holder.progress ? ` ${holder.progress}` : '';
  return `pid ${holder.pid} (${holder.intent}${progress}, since ${since})`;
}

/** Who asks: nested calls of one flow share what the flow holds. */
interface Owner {
  readonly parent: Owner | undefined;
}

interface Held {
  readonly connection: Connection;
  readonly owner: Owner;
  intent: string;
  since: number;
  count: number;
}

const processOwner: Owner = { parent: undefined };
const flows = new AsyncLocalStorage<Owner>();
/** One connection per file: POSIX locks belong to the process, two would not see each other. */
const held = new Map<string, Held>();

/** Between two tries, ms. */
const firstPauseMs = 10;
const longestPauseMs = 200;
/** How long a lock that nobody claims to hold is tried again: two tries can block each other. */
const unclaimedMs = 250;

/**
 * Takes a lock that the kernel holds for this process: whatever ends the process frees it, and no
 * file has to be removed. The file is never deleted; its existence means nothing.
 *
 * Within one flow (see `withLock`) a lock may be taken again; it is free after as many releases.
 *
 * @throws LockBusyError when another holder did not let go within `waitMs`
 * @throws AgentError E_LOCK_FILE when the file cannot be made or opened
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  return acquire(path, options, flows.getStore() ?? processOwner);
}

/**
 * Runs `work` under the lock and gives it back whatever happens. Calls nested in `work` may take the
 * same lock; other flows of the same process wait like other processes do.
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  work: (lock: Lock) => T | Promise<T>,
): Promise<T> {
  const owner: Owner = { parent: flows.getStore() };
  const lock = await acquire(path, options, owner);
  try {
    return await flows.run(owner, () => work(lock));
  } finally {
    lock.release();
  }
}

async function acquire(path: string, options: LockOptions, owner: Owner): Promise<Lock> {
  const began = systemClock.monotonic();
  const waitMs = options.waitMs ?? 0;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    const lock = tryAcquire(path, options, owner);
    if (lock) return lock;
    const waited = systemClock.monotonic() - began;
    const holder = holderOf(path);
    const left = Math.max(waitMs, holder ? 0 : unclaimedMs) - waited;
    if (left <= 0 || options.signal?.aborted) {
      throw new LockBusyError(path, options.object ?? path, holder);
    }
    // Contenders that started together must not come back together.
    const jitter = 1 - ((process.pid * 7919 + waited * 1000) % 1000) / 2000;
    await delay(Math.min(left, (holder ? pause : Math.min(pause, 20)) * jitter));
  }
}

function tryAcquire(path: string, options: LockOptions, owner: Owner): Lock | undefined {
  const now = options.now ?? systemClock.now;
  const mine = held.get(path);
  if (mine) {
    if (!isSameFlow(mine.owner, owner)) return undefined;
    mine.count++;
    return makeLock(path, mine);
  }
  const connection = open(path);
  try {
    // An empty database is prepared by the first transaction: in memory, so that a full disk does
    // not matter and no journal file comes and goes. Nothing is ever written to the file.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (errnoOf(error)?.startsWith('SQLITE_BUSY')) return undefined;
    throw fileError(path, error);
  }
  const entry: Held = { connection, owner, intent: options.intent, since: now(), count: 1 };
  held.set(path, entry);
  writeHolder(path, { intent: entry.intent, since: entry.since });
  return makeLock(path, entry);
}

function isSameFlow(holder: Owner, asking: Owner): boolean {
  for (let owner: Owner | undefined = asking; owner; owner = owner.parent) {
    if (owner === holder) return true;
  }
  return false;
}

function makeLock(path: string, entry: Held): Lock {
  let released = false;
  return {
    path,
    progress(rids) {
      if (!released) {
        writeHolder(path, { intent: entry.intent, since: entry.since, progress: rids });
      }
    },
    release() {
      if (released) return;
      released = true;
      if (--entry.count > 0) return;
      // First the name, then the lock: the next holder's name must not be taken away.
      try {
        removeHolder(path);
      } finally {
        held.delete(path);
        entry.connection.close();
      }
    },
  };
}

/**
 * Opens the lock's file. It belongs to us alone: whoever may read it could hold a shared lock. It is
 * made through a descriptor of its own only while this process has no lock on it, because closing
 * any descriptor of a file drops all POSIX locks that the process has on it.
 */
function open(path: string): Connection {
  try {
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      closeSync(openSync(path, 'a', 0o600));
    }
    // SQLite would open what it may not write for reading, and then begin without an exclusive lock.
    accessSync(path, constants.W_OK);
    return openSqlite(path, { mustExist: true, busyTimeoutMs: 0 });
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (error instanceof AgentError || code === undefined) return error;
  const isForbidden = code === 'EACCES' || code === 'EPERM';
  return new AgentError('E_LOCK_FILE', `lock file ${path} cannot be used: ${code}`, {
    exit: isForbidden ? 'notPermitted' : 'cannotCreate',
    remedy: isForbidden
      ? 'run it as root'
      : `make ${dirname(path)} writable and check its free space (df, df -i)`,
    cause: error,
  });
}
