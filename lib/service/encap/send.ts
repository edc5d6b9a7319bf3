import { AgentError } from '../../errors/agent-error.js';
import { CommandError } from '../../exec/run.js';
import { loggedCommand, type Surroundings } from '../context.js';
import type { Service } from '../service.js';
import type { InnerAgent } from './agents.js';
import { shareConfiguration } from './configuration.js';
import { forget } from './instances.js';
import { insideEnvironment, lacksProgram, reach, runInside, UnreachableError } from './reach.js';

/** A whole start or stop is given so long, ms. */
const actionTimeoutMs = 3_600_000;
const abortTimeoutMs = 30_000;

export interface SendOptions {
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** How long the container may take until it runs commands, ms; 0: it has to do so now. */
  readonly patienceMs: number;
  /** How long the command may take, ms; 0: for ever. Default an hour. */
  readonly timeoutMs?: number;
}

/**
 * Has the agent inside do something, with the same configuration as ours. What it prints is logged as
 * it comes. An agent that is interrupted with us is told.
 *
 * @param words of svcmgr, without the service
 * @throws UnreachableError, or AgentError of what failed
 */
export async function sendInside(
  agent: InnerAgent,
  service: Service,
  words: readonly string[],
  around: Surroundings,
  { signal, dryRun, patienceMs, timeoutMs = actionTimeoutMs }: SendOptions,
): Promise<void> {
  await reach(agent, around, { patienceMs, signal });
  if (!dryRun) {
    await shareConfiguration(service, agent, around, signal);
    forget(service, agent);
  }
  const all = [...words, ...(dryRun ? ['--dry-run'] : [])];
  try {
    await loggedCommand(around.run, around.logOf(service, agent.resource.rid), agent.svcmgr(all), {
      announce: `run svcmgr ${all.join(' ')} in ${agent.hostname}`,
      ...{ signal, streams: true, timeoutMs, env: insideEnvironment },
    });
  } catch (error) {
    if (signal.aborted) {
      // Whoever ran it for us is gone; it may not be.
      await runInside(agent.svcmgr(['abort']), around, { timeoutMs: abortTimeoutMs });
    }
    if (!(error instanceof AgentError)) throw error;
    if (error instanceof CommandError && !lacksProgram(error.result)) throw error;
    throw new UnreachableError(agent, `has no svcmgr: ${error.message}`);
  }
}
