import { readSection } from '../config/values.js';
import type { ActionContext, ChangeOptions, ReadContext, Sibling } from '../driver/contract.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import {
  CommandError,
  nothingRan,
  type Run,
  type RunOptions,
  type RunResult,
  showCommand,
} from '../exec/run.js';
import { askPlaces, hangingDirectory } from '../host/hanging.js';
import type { Peers } from '../host/remote.js';
import type { Log } from '../log/log.js';
import type { Part } from '../status/aggregate.js';
import { partialAvail } from '../status/aggregate.js';
import type { Status } from '../status/values.js';
import type { RunRow } from '../store/runs.js';
import { actionEnvironment } from './environment.js';
import { processGroupOf } from './process-group.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';

/** What all contexts of one process share. */
export interface Surroundings {
  readonly run: Run;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly nodename: string;
  /** The log of a resource, or of the service itself. */
  logOf(service: Pick<Service, 'path' | 'scope' | 'secrets'>, rid?: string): Log;
  /** The log of the service for what the operator knows already: no console shows it. */
  journalOf(service: Pick<Service, 'path' | 'scope' | 'secrets'>): Log;
  /** Answers of `once`, for all services of this process. */
  readonly answers: Map<string, Promise<unknown>>;
  /** Lets a few probes at a time through. */
  readonly gate: Gate;
  readonly peers: Peers;
  /** Environment of the node, `PRD` or another. */
  readonly nodeEnv?: string | undefined;
  /** The newest run of a task that has ended; nothing where the ledger is not at hand. */
  readonly lastRun?: LastRun | undefined;
}

/** @returns undefined when it never ran */
export type LastRun = (
  scope: string,
  rid: string,
) => Promise<Pick<RunRow, 'state' | 'reason' | 'exitCode'> | undefined>;

export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so many pieces of work go at once, the others in turn. */
export function gateFor(most: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}

/** How contexts ask for the status of a resource: evaluated once, and again after it was changed. */
export type AskStatus = (resource: Resource) => Promise<Part>;

const probeTimeoutMs = 30_000;

export function readContext(
  around: Surroundings,
  service: Service,
  resource: Resource,
  askStatus: AskStatus,
): ReadContext {
  const { run, clock, paths, nodename, answers, gate } = around;
  const askPlace = askPlaces({ run, clock, directory: hangingDirectory(paths) });
  return {
    rid: resource.rid,
    tags: resource.tags,
    service,
    nodename,
    paths,
    clock,
    nodeEnv: around.nodeEnv,
    peers: around.peers,
    log: around.logOf(service, resource.rid),
    get environment() {
      return { ...actionEnvironment(service, 'status'), OPENSVC_RID: resource.rid };
    },
    processGroup: () => processGroupOf(service.source.evaluator, service.scope, resource.rid),
    valuesOn: (node) =>
      resource.driver &&
      readSection(service.source.evaluator.as(node), resource.rid, resource.driver.keywords).values,
    siblings: service.resources
      .filter((other) => other !== resource && !other.inside)
      .map((other) =>
        siblingOf(other, service, askStatus, (it) => readContext(around, service, it, askStatus)),
      ),
    async partialAvail(without) {
      const asked = service.resources.filter(
        ({ rid, group }) => rid !== resource.rid && !without.includes(group),
      );
      return partialAvail(await Promise.all(asked.map(askStatus)), without);
    },
    probe: (argv, options) => gate(() => run(argv, { timeoutMs: probeTimeoutMs, ...options })),
    probePlace: (place, argv, options) => gate(() => askPlace(place, argv, options)),
    once<T>(question: string, ask: () => Promise<T>): Promise<T> {
      let answer = answers.get(question) as Promise<T> | undefined;
      if (!answer) {
        answer = ask();
        answers.set(question, answer);
      }
      return answer;
    },
  };
}

function siblingOf(
  resource: Resource,
  service: Service,
  askStatus: AskStatus,
  contextOf: (resource: Resource) => ReadContext,
): Sibling {
  const { rid, group, driver, driverId, label, disabled, tags, values } = resource;
  return {
    rid,
    group,
    driver: driverId,
    label,
    disabled,
    tags,
    values,
    replicates: () => (values && driver?.replicates?.(values as never, { rid, service })) ?? [],
    status: async (): Promise<Status> => (await askStatus(resource)).status,
    async devices() {
      if (!driver?.devices || !values) return { exposed: [], base: [] };
      return driver.devices(values as never, contextOf(resource));
    },
  };
}

/** What one action of one service adds. */
export interface ActionSurroundings {
  readonly action: string;
  readonly destination?: string | undefined;
  readonly dryRun: boolean;
  readonly force: boolean;
  /** Ends the action early; another one while it is rolled back. */
  readonly interrupt: { signal: AbortSignal };
  readonly environment: Readonly<Record<string, string>>;
  undo(work: () => void | Promise<void>): void;
  synced(node: string): void;
  /** Resources whose `beforeSync` is done. */
  readonly prepared: Set<string>;
  setKeywords(rid: string, values: Readonly<Record<string, string>>): Promise<void>;
}

export function actionContext(
  around: Surroundings,
  service: Service,
  resource: Resource,
  askStatus: AskStatus,
  action: ActionSurroundings,
): ActionContext {
  const read = readContext(around, service, resource, askStatus);
  const { log } = read;
  const { dryRun, interrupt, environment } = action;
  // Forgotten on both sides: whoever acts at the same time may ask in the middle of a change.
  const forgetting = async <T>(work: () => T | Promise<T>): Promise<T> => {
    around.answers.clear();
    try {
      return await work();
    } finally {
      around.answers.clear();
    }
  };
  return {
    ...read,
    action: action.action,
    destination: action.destination,
    dryRun,
    force: action.force,
    get signal() {
      return interrupt.signal;
    },
    environment: { ...environment, OPENSVC_RID: resource.rid },
    status: async () => (await askStatus(resource)).status,
    change: (argv, options = {}) =>
      forgetting(() =>
        loggedCommand(around.run, log, argv, { signal: interrupt.signal, ...options, dryRun }),
      ),
    async act(text, work) {
      log.info(text);
      return dryRun ? undefined : forgetting(work);
    },
    undo: action.undo,
    synced: action.synced,
    isPrepared: action.prepared.has(resource.rid),
    setKeywords: (values) => action.setKeywords(resource.rid, values),
  };
}

/**
 * Runs a command that changes the host, with the lines of spec service 11.3: the command, `output:`
 * with its stdout, `errors:` with its stderr; or its output line by line.
 */
export async function loggedCommand(
  run: Run,
  log: Log,
  argv: readonly string[],
  {
    acceptExitCodes = [0],
    quietErrors = false,
    shows = 'all',
    dryRun = false,
    announce,
    streams = false,
    ...options
  }: ChangeOptions & Pick<RunOptions, 'dryRun'>,
): Promise<RunResult> {
  log[shows === 'nothing' ? 'debug' : 'info'](announce ?? showCommand(argv));
  if (dryRun) return { ...nothingRan, argv, startedAt: 0, endedAt: 0 };
  const result = await run(argv, streams ? { onLine: linesTo(log), ...options } : options);
  const accepted = result.exitCode !== null && acceptExitCodes.includes(result.exitCode);
  const fine = accepted && !result.timedOut && !result.aborted;
  const head = fine || result.exitCode === null ? 'output:' : `output (exit ${result.exitCode}):`;
  if (result.stdout !== '' && !streams) {
    const level = !fine ? 'error' : shows === 'all' ? 'info' : 'debug';
    log[level](`${head}\n${result.stdout}`);
  }
  if (result.stderr !== '' && !streams) {
    const level = quietErrors ? 'info' : fine ? 'warn' : 'error';
    log[level](`errors:\n${result.stderr}`);
  }
  if (fine) return result;
  const how = result.timedOut
    ? 'took too long and was ended'
    : result.aborted
      ? 'was interrupted'
      : result.exitCode === null
        ? `was ended by ${result.signal}`
        : `exited with ${result.exitCode}`;
  const what = announce ?? showCommand(argv);
  throw new CommandError('E_COMMAND', `${what} ${how}`, result, {
    ...(result.timedOut && { exit: 'timeout' as const }),
  });
}

function linesTo(log: Log): NonNullable<RunOptions['onLine']> {
  return (stream, line) => log[stream === 'stdout' ? 'info' : 'error'](`| ${line}`);
}

/** The text of whatever an action ended with. */
export function messageOf(error: unknown): string {
  if (error instanceof AgentError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
