import type { ChildProcess } from 'node:child_process';
import { type Clock, systemClock } from '../env/clock.js';
import { readProcessStat, selfIdentity } from '../env/process-identity.js';
import { AgentError, type AgentErrorOptions, errnoOf } from '../errors/agent-error.js';
import { type Log, silentLog } from '../log/log.js';
import { type Impersonation, impersonate } from './account.js';
import type { CappedGroup } from './caps.js';
import {
  type CgroupPlace,
  cgroupPids,
  findCgroup,
  openRunGroup,
  type RunGroup,
  sweepGroups,
} from './cgroup.js';
import { awaitEnd, defaultTimeoutMs } from './deadline.js';
import { drain } from './drain.js';
import { type Environment, programEnvironment, runMarkerName } from './environment.js';
import { limitPrefix } from './limits.js';
import type { Outcome, Run, RunOptions, RunResult } from './run-types.js';
import { fitsShell, shellStarter } from './shell-start.js';
import { createSinks } from './sinks.js';
import { startError } from './start-error.js';
import type { Ended } from './task-shell.js';
import type { ProcessTree } from './tree.js';
import { type WrapReport, wrap } from './wrapper.js';

export type { Usage } from './cgroup.js';
export type { Run, RunOptions, RunResult, Stream } from './run-types.js';
export type { ProcessTree } from './tree.js';

export interface RunnerDeps {
  /** Start programs from shells that are kept: for many short ones. Default false. */
  shells?: boolean;
  log?: Log;
  clock?: Clock;
  /** Environment of this process; the allow list is taken from it. */
  env?: Environment;
  /** Where cgroups are made; null: nowhere. Default: found on first use. */
  cgroups?: CgroupPlace | null;
  /** Default for every run. */
  dryRun?: boolean;
}

/** A command that ended in a way its caller does not accept; `result` has its output. */
export class CommandError extends AgentError {
  readonly result: RunResult;

  constructor(code: string, message: string, result: RunResult, options: AgentErrorOptions = {}) {
    super(code, message, options);
    this.result = result;
  }
}

/** Counts for the whole process: two runners must not give two runs the same marker. */
let runs = 0;

/**
 * The one way to start a program and wait for it. Each run has its own session, its own cgroup where
 * cgroups are writable, a marker in its environment, and a deadline that ends the whole tree.
 *
 * A program that is missing, not executable or has no working directory is an error (E_NO_COMMAND,
 * E_NOT_EXECUTABLE, E_BAD_CWD), never an exit code. With another user the program is looked for as
 * root; what that user may not read or execute ends with the exit code of setpriv(1) or the interpreter
 * and a line on stderr.
 */
export function createRunner(deps: RunnerDeps = {}): Run {
  const log = deps.log ?? silentLog;
  const clock = deps.clock ?? systemClock;
  let place = deps.cgroups;
  const swept = new Set<string>();
  /** Groups whose last process was still vanishing when its run ended. */
  const leftGroups = new Set<RunGroup>();
  const shells = deps.shells ? shellStarter(deps.env ?? {}) : undefined;

  const openGroup = async ({
    cgroup: name = 'run',
    caps = [],
  }: RunOptions): Promise<RunGroup | undefined> => {
    if (name === false) return undefined;
    if (place === undefined) {
      place = findCgroup() ?? null;
      if (!place) log.debug('no writable cgroup', { fallback: 'process group and marker' });
    }
    if (!place) return undefined;
    const tops = caps.length === 0 ? [] : await cap(caps);
    if (!swept.has(name)) {
      swept.add(name);
      sweepGroups(place, name, tops);
    }
    for (const group of leftGroups) if (group.remove()) leftGroups.delete(group);
    const refused = (error: unknown): void =>
      log.debug('cgroup refused', { name, reason: errnoOf(error) });
    return openRunGroup(place, name, refused, tops);
  };

  /** A host without the controller is no fault; a value that its kernel does not take is one. */
  const cap = async (groups: readonly CappedGroup[]): Promise<string[]> => {
    const { capGroups } = await import('./caps.js');
    return capGroups(groups, {
      onRefused: ({ kind, group, cap: name, reason }) =>
        log[kind === 'missing' ? 'debug' : 'warn']('cap not set', { group, cap: name, reason }),
    });
  };

  const run: Run = async (argv, options = {}) => {
    const program = argv[0];
    if (!program || program.startsWith('-') || argv.some((word) => word.includes('\0'))) {
      throw new AgentError('E_BAD_COMMAND', `not a command: ${showCommand(argv)}`, {
        exit: 'config',
      });
    }
    const startedAt = clock.now();
    const level = options.changes ? 'info' : 'debug';
    if (options.changes && (options.dryRun ?? deps.dryRun)) {
      log.info('not run', { cmd: showCommand(argv), reason: 'dry run' });
      return { ...nothingRan, argv, startedAt, endedAt: startedAt };
    }
    if (options.signal?.aborted) throw abortedError(program, options.signal);

    const account = await impersonate(options, ownIds(), async (database, key) => {
      try {
        const answer = await run(['getent', database, key], { timeoutMs: 10_000, cgroup: false });
        return answer.exitCode === 0 ? answer.stdout : undefined;
      } catch (error) {
        if (isMissingCommand(error)) return undefined;
        throw error;
      }
    });
    const prefix = [...limitPrefix(options.limits), ...(account?.prefix ?? [])];
    const self = selfIdentity();
    const id = `${self.bootId.slice(0, 8)}-${self.pid}-${self.startTime}-${++runs}`;
    const group =
      account?.uid !== undefined // only root may join our group
        ? undefined
        : await openGroup(options);
    let outcome: Outcome;
    try {
      outcome =
        shells && group && account?.uid === undefined && fitsShell(options)
          ? await shells({ argv, options, account, prefix, group, id })
          : await start({ argv, options, account, prefix, group, id, deps });
    } finally {
      if (group && !group.remove() && cgroupPids(group.path).length === 0) leftGroups.add(group);
    }

    const { reports, ...ended } = outcome;
    const isOutside = reports.has('cgroup');
    if (isOutside) log.debug('cgroup not joined', { cmd: program });
    const result: RunResult = {
      ...ended,
      usage: isOutside ? null : ended.usage, // of an empty group it would be nothing at all
      argv,
      skipped: false,
      startedAt,
      endedAt: clock.now(),
    };
    throwReported(reports, program, options);
    log[result.timedOut || result.stuckPids.length > 0 ? 'warn' : level](
      result.timedOut ? 'timed out' : result.aborted ? 'aborted' : 'ran',
      {
        cmd: showCommand(argv),
        exit: result.exitCode ?? result.signal ?? undefined,
        ms: Math.round(result.durationMs),
        ended: result.survivorsKilled || undefined,
        stuck: result.stuckPids.join(',') || undefined,
      },
    );
    if (options.acceptExitCodes) checkAccepted(result, options, options.acceptExitCodes);
    return result;
  };
  return run;
}

/** An argv as one line that a shell would read back, for logs and dry runs. */
export function showCommand(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

/** What a dry run has in place of a result. */
export const nothingRan = {
  pid: 0,
  exitCode: 0,
  signal: null,
  timedOut: false,
  aborted: false,
  skipped: true,
  stdout: '',
  stderr: '',
  droppedBytes: 0,
  durationMs: 0,
  usage: null,
  survivorsKilled: 0,
  stuckPids: [],
} as const;

interface Started {
  argv: readonly string[];
  options: RunOptions;
  account: Impersonation | undefined;
  prefix: readonly string[];
  group: RunGroup | undefined;
  id: string;
  deps: RunnerDeps;
}

async function start(started: Started): Promise<Outcome> {
  const { argv, options, account, prefix, group, id, deps } = started;
  const { spawn } = await import('node:child_process');
  const token = `nodemgr:${id}:`;
  const marker = `${runMarkerName}=${id}`;
  const given = { ...account?.environment, ...options.env };
  const environment = {
    ...(options.completeEnv ? given : programEnvironment(deps.env ?? {}, given)),
    ...options.marks,
    [runMarkerName]: id,
  };
  const wrapped = wrap(argv, {
    token,
    joinFiles: group?.joinFiles ?? [],
    umask: options.umask,
    cwd: options.cwd,
    prefix,
  });

  const began = systemClock.monotonic();
  let child: ChildProcess;
  try {
    child = spawn(wrapped[0] ?? '', wrapped.slice(1), {
      cwd: '/',
      env: environment,
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(account?.uid === undefined ? {} : { uid: account.uid, gid: account.gid ?? account.uid }),
    });
  } catch (cause) {
    throw startError(argv[0] ?? '', cause); // E2BIG, for one, is thrown and not told by the child
  }
  const exited = new Promise<Ended>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
    child.once('error', reject);
  });
  exited.catch(() => undefined);
  const { pid } = child;
  if (pid === undefined) {
    throw startError(argv[0] ?? '', await exited.catch((error: unknown) => error));
  }

  const tree: ProcessTree = {
    pid,
    startTime: readProcessStat(pid)?.startTime ?? 0,
    bootId: selfIdentity().bootId,
    pgid: pid,
    cgroup: group?.path ?? null,
    marker,
  };
  const sinks = createSinks(token, options);
  const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null);
  child.stdout?.on('data', sinks.out);
  child.stderr?.on('data', sinks.err);
  for (const stream of outputs) stream.on('error', () => undefined);
  if (child.stdin) {
    child.stdin.on('error', () => undefined); // the program need not read it
    child.stdin.end(options.input);
  }
  let failure: { error: unknown } | undefined;
  try {
    options.onStart?.(tree);
  } catch (error) {
    failure = { error };
  }

  const end = await awaitEnd(tree, exited, options, failure !== undefined);
  const durationMs = systemClock.monotonic() - began;
  const usage = group?.usage() ?? null;
  const isStuck = end.stuckPids.includes(pid);
  if (!isStuck) await drain(outputs);
  for (const stream of outputs) stream.destroy();
  sinks.end();
  if (isStuck) child.unref();
  if (failure) throw failure.error;

  return { ...end, durationMs, usage, reports: sinks.reports, ...sinks.captured() };
}

function throwReported(
  reports: ReadonlySet<WrapReport>,
  program: string,
  options: RunOptions,
): void {
  if (reports.has('cwd')) {
    throw new AgentError('E_BAD_CWD', `${options.cwd ?? '/'} is not a directory we can enter`, {
      exit: 'config',
      remedy: 'create the directory or correct the cwd keyword',
    });
  }
  if (reports.has('missing')) {
    throw new AgentError('E_NO_COMMAND', `${program} is not installed`, {
      exit: 'unavailable',
      remedy: program.includes('/') ? 'correct the path' : `install the package of ${program}`,
    });
  }
  if (reports.has('forbidden')) {
    throw new AgentError('E_NOT_EXECUTABLE', `${program} is not an executable file`, {
      exit: 'config',
      remedy: `make it executable: chmod +x ${program}`,
    });
  }
}

function checkAccepted(result: RunResult, options: RunOptions, accepted: readonly number[]): void {
  const program = result.argv[0] ?? '';
  if (result.timedOut) {
    throw new CommandError(
      'E_TIMEOUT',
      `${program} did not end within ${(options.timeoutMs ?? defaultTimeoutMs) / 1000} s`,
      result,
      { exit: 'timeout' },
    );
  }
  if (result.aborted && options.signal) throw abortedError(program, options.signal);
  if (result.exitCode !== null && accepted.includes(result.exitCode)) return;
  const how =
    result.exitCode === null
      ? `was ended by ${result.signal ?? 'nobody'}`
      : `exited with ${result.exitCode}`;
  const says = lastLine(result.stderr) || lastLine(result.stdout);
  throw new CommandError('E_COMMAND', `${program} ${how}${says ? `: ${says}` : ''}`, result);
}

/** True for the error of a command that is not installed: the tool is "not available". */
export function isMissingCommand(error: unknown): boolean {
  return error instanceof AgentError && error.code === 'E_NO_COMMAND';
}

function abortedError(program: string, signal: AbortSignal): AgentError {
  return new AgentError('E_ABORTED', `${program} was aborted`, {
    exit: 'tryAgain',
    cause: signal.reason,
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim().slice(0, 200) ?? '';
}

function ownIds(): { uid: number; gid: number } {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}
