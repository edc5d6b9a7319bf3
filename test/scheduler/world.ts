import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Paths, pathsBelow } from '../../lib/env/paths.js';
import { selfIdentity } from '../../lib/env/process-identity.js';
import type { SchedulerDeps } from '../../lib/scheduler/deps.js';
import { recordEnd } from '../../lib/scheduler/record.js';
import { tick } from '../../lib/scheduler/tick.js';
import {
  type Owner,
  type RunEnd,
  type RunRow,
  type RunState,
  runTable,
} from '../../lib/store/runs.js';
import { openStore, type Store } from '../../lib/store/store.js';
import { type TaskWithHistory, taskTable } from '../../lib/store/tasks.js';

/** Nothing runs by itself: node tasks would look at this host, services refresh their status. */
export const quietNode = `[checks]
schedule = @0
[stats_collection]
schedule = @0
[asset]
schedule = @0
[packages]
schedule = @0
[push_service_status]
schedule = @0
[resource_monitor]
schedule = @0
`;

/** A scheduler in this process: its clock is a variable and its store stays open. */
export interface World {
  paths: Paths;
  store: Store;
  deps: SchedulerDeps;
  /** UTC ms; the time since the boot goes with it unless `skew` says otherwise. */
  now: number;
  /** How far the wall clock was moved against the time since the boot, ms. */
  skew: number;
  /** Batches for which a worker was started. */
  batches: string[];
  write(name: string, text: string): void;
  /** One pass at `at`. */
  tick(at: number): Promise<void>;
  rows(section?: string): RunRow[];
  task(section: string): TaskWithHistory;
}

export interface WorldOptions {
  files: Readonly<Record<string, string>>;
  /** UTC ms. */
  start: number;
  /** What a worker does with its batch; default: nothing, the rows stay open. */
  work?: (world: World, batch: string) => Promise<void> | void;
}

/** A worker whose runs end at once: `createWorld({ work: ending('ok') })`. */
export function ending(state: RunState): NonNullable<WorldOptions['work']> {
  return (world, batch) => {
    const runs = runTable(world.store);
    world.store.immediate(() => {
      for (const row of runs.takeBatch(batch, owner())) {
        runs.start(row.id, batch, world.now, owner().ownerPid);
        endRun(world, { ...row, startedAt: world.now }, state, world.now);
      }
    });
  };
}

/** This process as the ledger knows it. */
export function owner(): Owner {
  const { pid, startTime, bootId } = selfIdentity();
  return { ownerPid: pid, ownerStart: startTime, bootId };
}

/** Closes one row as its worker would. */
export function endRun(world: World, row: RunRow, state: RunState, endedAt: number): void {
  const end: RunEnd = {
    id: row.id,
    state,
    reason: state === 'ok' ? null : 'simulated',
    endedAt,
    exitCode: state === 'ok' ? 0 : 1,
    signal: null,
    stdout: null,
    stderr: null,
    droppedBytes: null,
    usage: null,
    log: null,
  };
  if (runTable(world.store).end(end)) recordEnd(world.store, row, end);
}

/** Where temporary files cost no disk, when there is such a place. */
export function memoryDirectory(): string {
  try {
    const probe = mkdtempSync('/dev/shm/nodemgr-test-');
    rmSync(probe, { recursive: true });
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

export function createWorld({ files, start, work }: WorldOptions): World {
  const directory = mkdtempSync(join(memoryDirectory(), 'nodemgr-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const paths = pathsBelow(directory);
  mkdirSync(paths.etc, { recursive: true });
  const write = (name: string, text: string): void =>
    writeFileSync(join(paths.etc, name), text, { mode: 0o600 });
  for (const [name, text] of Object.entries({ 'node.conf': quietNode, ...files })) {
    write(name, text);
  }

  const store = openStore(paths.store);
  onTestFinished(() => store.close());
  // One object for the whole life of the world: prepared statements are kept by it.
  const kept: Store = { ...store, close: () => undefined };
  const bootedAt = start - 3_600_000;
  const world: World = {
    paths,
    store,
    now: start,
    skew: 0,
    batches: [],
    deps: {
      paths,
      clock: { now: () => world.now, monotonic: () => performance.now() },
      nodename: 'node1',
      zoneName: '',
      buildId: 'test',
      env: process.env,
      openStore: () => kept,
      uptimeMs: () => world.now - world.skew - bootedAt,
      async startWorker([, batch = '']) {
        world.batches.push(batch);
        await work?.(world, batch);
      },
    },
    write,
    async tick(at) {
      world.now = at;
      await tick(world.deps);
    },
    rows: (section) =>
      runTable(store)
        .list({ task: section, limit: 1_000_000 })
        .sort((a, b) => a.id - b.id),
    task(section) {
      const found = taskTable(store)
        .all()
        .find((task) => task.section === section);
      if (!found) throw new Error(`no task ${section}`);
      return found;
    },
  };
  return world;
}
