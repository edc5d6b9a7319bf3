import { readFileSync } from 'node:fs';
import { listProcesses } from '../exec/tree.js';

/** A process with what it was started with. */
export interface StartedProcess {
  readonly pid: number;
  readonly ppid: number;
  /** Clock ticks since boot: with the pid it names the process. */
  readonly startTime: number;
  readonly argv: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
}

/**
 * The living processes whose environment holds a variable, from `/proc/<pid>/environ`: as it was
 * when they were started, unless they wrote over it. Those of other users are seen by root alone.
 */
export function findByVariable(name: string, value: string): StartedProcess[] {
  return listProcesses().flatMap(({ pid, ppid, startTime, state }) => {
    // Reading the environment of a process in uninterruptible sleep can hang as well.
    if (state === 'D') return [];
    const environment = parseEnvironment(read(pid, 'environ'));
    if (environment.get(name) !== value) return [];
    return [{ pid, ppid, startTime, argv: parseWords(read(pid, 'cmdline')), environment }];
  });
}

/** @param text `NAME=value`, each ended by a zero byte */
export function parseEnvironment(text: string): Map<string, string> {
  return new Map(
    parseWords(text).flatMap((word): [string, string][] => {
      const equal = word.indexOf('=');
      return equal > 0 ? [[word.slice(0, equal), word.slice(equal + 1)]] : [];
    }),
  );
}

/** What a process was started with; empty when it is gone, or not ours to see. */
export function argvOfProcess(pid: number): string[] {
  return parseWords(read(pid, 'cmdline'));
}

function parseWords(text: string): string[] {
  return text.split('\0').slice(0, -1);
}

function read(pid: number, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // gone, or not ours to see
  }
}
