import { constants } from 'node:os';
import { systemClock } from '../env/clock.js';
import { bootId } from '../env/host.js';
import type { Impersonation } from './account.js';
import { cgroupPids, type RunGroup } from './cgroup.js';
import { awaitEnd } from './deadline.js';
import { type Environment, programEnvironment, runMarkerName } from './environment.js';
import type { Outcome, RunOptions } from './run-types.js';
import { createSinks } from './sinks.js';
import { type Ended, startTaskShell, type TaskShell } from './task-shell.js';
import type { ProcessTree } from './tree.js';
import { wrapInSubshell } from './wrapper.js';

export interface ShellStart {
  argv: readonly string[];
  options: RunOptions;
  account: Impersonation | undefined;
  prefix: readonly string[];
  /** Without a cgroup nobody could tell what a program left behind. */
  group: RunGroup;
  id: string;
}

/** Whether these options mean the same when a shell that waits for us starts the program. */
export function fitsShell({ input, completeEnv, env }: RunOptions): boolean {
  const removes = Object.values(env ?? {}).includes(undefined);
  return input === undefined && !completeEnv && !removes;
}

/**
 * Starts programs from shells that are kept for the next one: what a batch of many short programs
 * needs. The outcome is that of the ordinary start; a shell is kept only when its program ended by
 * itself and left nothing in its cgroup.
 */
export function shellStarter(environment: Environment) {
  const shells = shellPool(() => startTaskShell(programEnvironment(environment, {})));

  return async ({ argv, options, account, prefix, group, id }: ShellStart): Promise<Outcome> => {
    const shell = await shells.take();
    const token = `nodemgr:${id}:`;
    const marker = `${runMarkerName}=${id}`;
    const text = wrapInSubshell(
      argv,
      {
        ...options,
        token,
        joinFiles: group.joinFiles,
        prefix,
      },
      {
        ...account?.environment,
        ...options.env,
        ...options.marks,
        [runMarkerName]: id,
      },
    );
    const { pid, startTime } = shell;
    const tree: ProcessTree = {
      pid,
      startTime,
      bootId: bootId(),
      pgid: pid,
      cgroup: group.path,
      marker,
    };
    const sinks = createSinks(token, options);

    const began = systemClock.monotonic();
    let isWhole = false;
    const told = shell.run(text, `${token}end`, sinks).then((code) => {
      isWhole = true;
      return asEnded(code);
    });
    const ended = Promise.race([told, shell.ended]);
    let failure: { error: unknown } | undefined;
    try {
      options.onStart?.(tree);
    } catch (error) {
      failure = { error };
    }
    const end = await awaitEnd(tree, ended, options, failure !== undefined);
    const durationMs = systemClock.monotonic() - began;
    const usage = group.usage();
    const left = !group.remove() && cgroupPids(group.path).length > 0;
    if (!isWhole) await shell.rest();
    sinks.end();
    const isEmpty = !left && !sinks.reports.has('cgroup');
    const isOver = !end.timedOut && !end.aborted && end.signal === null;
    shells.give(shell, isEmpty && isOver);
    if (failure) throw failure.error;

    return { ...end, durationMs, usage, reports: sinks.reports, ...sinks.captured() };
  };
}

/**
 * So many shells are started at once; for more, one that is about to be free is waited for: longer
 * than the first programs take while everything is still cold.
 */
const eagerShells = 3;
const patienceMs = 50;

function shellPool(start: () => Promise<TaskShell>) {
  const idle: TaskShell[] = [];
  const waiting: ((shell: TaskShell | undefined) => void)[] = [];
  let busy = 0;

  /** The next shell that is given back, or none when the programs of all take their time. */
  function freed(): Promise<TaskShell | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(undefined);
      }, patienceMs);
      const take = (shell: TaskShell | undefined): void => {
        clearTimeout(timer);
        resolve(shell);
      };
      waiting.push(take);
    });
  }

  return {
    async take(): Promise<TaskShell> {
      busy += 1;
      let shell = idle.pop();
      while (shell?.hasEnded()) shell = idle.pop();
      if (!shell && busy > eagerShells) shell = await freed();
      if (!shell) return start();
      shell.hold(true);
      return shell;
    },
    /** @param usable nothing of its program is left */
    give(shell: TaskShell, usable: boolean): void {
      busy -= 1;
      const next = usable ? waiting.shift() : undefined;
      if (next) next(shell);
      else if (usable) {
        shell.hold(false);
        idle.push(shell);
      } else {
        shell.retire();
      }
    },
  };
}

/** A shell tells a signal as 128 and its number. */
function asEnded(code: number): Ended {
  if (code <= 128) return [code, null];
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return signal ? [null, signal[0] as NodeJS.Signals] : [code, null];
}
