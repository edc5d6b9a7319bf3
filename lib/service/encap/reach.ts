import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../../errors/agent-error.js';
import { nothingRan, type RunOptions, type RunResult } from '../../exec/run.js';
import type { Surroundings } from '../context.js';
import type { Statuses } from '../statuses.js';
import type { InnerAgent } from './agents.js';

/** A container that takes no commands, or has no agent. */
export class UnreachableError extends AgentError {
  constructor({ resource, hostname }: InnerAgent, why: string) {
    super('E_UNREACHABLE', `${hostname} (${resource.rid}) ${why}`, {
      exit: 'unavailable',
      remedy: 'look at the container, at its `rcmd`, and whether an agent is installed there',
    });
  }
}

const probeTimeoutMs = 10_000;
const pauseMs = 1000;

/** Where this process keeps its files is nothing to the agent inside: lxc-attach would tell it. */
export const insideEnvironment = { NODEMGR_ROOT: undefined } as const;

/** Runs a command inside; quiet. A program that is missing here is an answer like any other. */
export async function runInside(
  argv: readonly string[],
  { run }: Pick<Surroundings, 'run'>,
  options: RunOptions = {},
): Promise<RunResult> {
  try {
    return await run(argv, { env: insideEnvironment, timeoutMs: probeTimeoutMs, ...options });
  } catch (error) {
    if (!(error instanceof AgentError) || options.signal?.aborted) throw error;
    return { ...nothingRan, argv, startedAt: 0, endedAt: 0, exitCode: 127, stderr: error.message };
  }
}

/** Whether a container runs; a paused one does not. */
export async function isRunning({ resource }: InnerAgent, statuses: Statuses): Promise<boolean> {
  const { status } = await statuses.of(resource);
  return status === 'up' || status === 'stdby up';
}

/**
 * Sees to it that commands can be run inside: `<rcmd> pwd`.
 *
 * @param patienceMs how long it is tried; 0: once
 * @throws UnreachableError
 */
export async function reach(
  agent: InnerAgent,
  around: Surroundings,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<void> {
  const until = around.clock.monotonic() + patienceMs;
  for (;;) {
    const { exitCode } = await runInside(agent.argv(['pwd']), around, { signal });
    if (exitCode === 0) return;
    const leftMs = until - around.clock.monotonic();
    if (leftMs <= 0) {
      const after = patienceMs > 0 ? ` ${patienceMs / 1000}s after its start` : '';
      throw new UnreachableError(agent, `runs no command${after}`);
    }
    await delay(Math.min(pauseMs, leftMs), undefined, { signal });
  }
}

/** What sh(1), env(1) and the engines answer for a program that does not exist or cannot be executed. */
export function lacksProgram({ exitCode }: RunResult): boolean {
  return exitCode === 127 || exitCode === 126;
}

export function lastLine({ stderr }: RunResult): string {
  return stderr.trim().split('\n').at(-1) ?? '';
}
