import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import {
  identityOf,
  isAlive,
  type ProcessIdentity,
  selfIdentity,
} from '../env/process-identity.js';
import { errnoOf } from '../errors/agent-error.js';
import type { Run, RunOptions, RunResult } from '../exec/run.js';

/** What became of a question to a place that may hang whoever asks. */
export type PlaceAnswer =
  | { readonly state: 'answered'; readonly result: RunResult }
  | {
      readonly state: 'silent';
      /** The process that hangs there; undefined when it could be ended. */
      readonly pid: number | undefined;
      /** UTC milliseconds. */
      readonly since: number;
    };

export interface PlaceOptions extends Pick<RunOptions, 'input'> {
  readonly timeoutMs: number;
}

export type AskPlace = (
  place: string,
  argv: readonly string[],
  options: PlaceOptions,
) => Promise<PlaceAnswer>;

export interface HangingDeps {
  readonly run: Run;
  readonly clock: Pick<Clock, 'now'>;
  /** `hangingDirectory`. */
  readonly directory: string;
}

/** Where the processes of this node remember who asks: it goes with a boot, as they do. */
export function hangingDirectory({ run }: Pick<Paths, 'run'>): string {
  return join(run, 'hanging');
}

/** As much of a place as a file name may hold; a hash (FNV-1a) tells long ones apart. */
function fileNameOf(place: string): string {
  const name = encodeURIComponent(place);
  if (name.length <= 200) return name;
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(place)) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${name.slice(-180)}.${(hash >>> 0).toString(16)}`;
}

/** Who asks a place now, or what hangs there. */
interface Asking {
  readonly place: string;
  /** The agent that asks: the record is its own until it hangs or the agent is gone. */
  readonly asker: ProcessIdentity;
  /** Tells the questions of one agent apart. */
  readonly question: number;
  /** The command, once it runs. */
  readonly process?: ProcessIdentity;
  /** UTC milliseconds. */
  readonly since: number;
  /** Not even SIGKILL ended the command. */
  readonly hangs: boolean;
}

/** Time for a killed process to vanish before it counts as hanging, ms. */
const vanishMs = 300;

/** Questions of this process by place: they go one after the other without looking at the disk. */
const queues = new Map<string, Promise<PlaceAnswer | undefined>>();

/**
 * Asks places that may hang, a mount point whose server is gone for example, each through a command
 * with a deadline. Of all processes of the node one at a time asks a place, and one that cannot be
 * ended is remembered with its start time and boot: while it lives the place is not asked again. So a
 * dead place holds one process, however often it is looked at. Where nothing can be remembered the
 * command runs all the same.
 */
export function askPlaces(deps: HangingDeps): AskPlace {
  return async (place, argv, options) => {
    const file = join(deps.directory, `${fileNameOf(place)}.json`);
    const answer = (queues.get(file) ?? Promise.resolve(undefined)).then((before) =>
      // Who waited for a silent place has waited long enough.
      before?.state === 'silent' ? before : ask(deps, file, place, argv, options),
    );
    const settled = answer.catch(() => undefined);
    queues.set(file, settled);
    try {
      return await answer;
    } finally {
      if (queues.get(file) === settled) queues.delete(file);
    }
  };
}

async function ask(
  { run, clock }: HangingDeps,
  file: string,
  place: string,
  argv: readonly string[],
  options: PlaceOptions,
): Promise<PlaceAnswer> {
  const since = clock.now();
  const mine: Asking = { place, asker: selfIdentity(), question: ++questions, since, hangs: false };
  const deadline = systemClock.monotonic() + options.timeoutMs;
  let isClaimed = false;
  for (let pause = 1; !isClaimed; pause = Math.min(pause * 2, 50)) {
    const known = read(file);
    if (known && isCurrent(known)) {
      // Somebody asks just now: what becomes of that is our answer too.
      if (known.hangs || systemClock.monotonic() >= deadline) return silent(known);
      await delay(pause);
      continue;
    }
    if (known) removeStale(file, known);
    const claim = create(file, mine);
    isClaimed = claim === 'made';
    if (claim === 'impossible' || systemClock.monotonic() >= deadline) break;
  }
  let hanging: Asking | undefined;
  try {
    const result = await run(argv, {
      ...options,
      graceMs: 0,
      vanishMs,
      onStart({ pid, startTime, bootId = mine.asker.bootId }) {
        // When we are killed, the record has to name what stays.
        if (isClaimed) replace(file, { ...mine, process: { pid, startTime, bootId } });
      },
    });
    const [stuck] = result.stuckPids.flatMap((pid) => identityOf(pid) ?? []);
    if (stuck) hanging = { ...mine, process: stuck, hangs: true };
    if (!result.timedOut) return { state: 'answered', result };
    return { state: 'silent', pid: stuck?.pid, since };
  } finally {
    if (isClaimed && hanging) replace(file, hanging);
    else if (isClaimed && isSame(read(file), mine)) remove(file);
  }
}

let questions = 0;

function isCurrent({ asker, process, hangs }: Asking): boolean {
  return (!hangs && isAlive(asker)) || (process !== undefined && isAlive(process));
}

function isSame(a: Asking | undefined, b: Asking): boolean {
  return a?.asker.pid === b.asker.pid && a.question === b.question && a.since === b.since;
}

function silent({ process, since }: Asking): PlaceAnswer {
  return { state: 'silent', pid: process?.pid, since };
}

/** Undefined when there is none. What nobody can read is a record of nobody: it is replaced. */
function read(file: string): Asking | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<Asking>;
    return record.asker?.bootId === undefined ? nobody : (record as Asking);
  } catch (error) {
    if (error instanceof SyntaxError) return nobody;
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

const nobody: Asking = {
  place: '',
  asker: { pid: 0, startTime: 0, bootId: '' },
  question: 0,
  since: 0,
  hangs: false,
};

let copies = 0;

function besides(file: string): string {
  return `${file}.${selfIdentity().pid}.${++copies}`;
}

/** The file appears with its content or not at all: a reader never sees half of it. */
function create(file: string, asking: Asking): 'made' | 'taken' | 'impossible' {
  const copy = besides(file);
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(copy, JSON.stringify(asking));
    return linked(copy, file) ? 'made' : 'taken';
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 'impossible';
  } finally {
    remove(copy);
  }
}

/** @returns false when there is a file already */
function linked(copy: string, file: string): boolean {
  try {
    linkSync(copy, file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function replace(file: string, asking: Asking): void {
  const copy = besides(file);
  try {
    writeFileSync(copy, JSON.stringify(asking));
    renameSync(copy, file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error; // a full disk: the first record has to do
    remove(copy);
  }
}

/** Removes the record of a process that is gone, unless somebody else has replaced it meanwhile. */
function removeStale(file: string, known: Asking): void {
  const taken = besides(file);
  try {
    renameSync(file, taken);
    const now = read(taken);
    if (now && !isSame(now, known)) linkSync(taken, file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  } finally {
    remove(taken);
  }
}

/** A file that cannot be removed is found stale by the next who looks. */
function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
