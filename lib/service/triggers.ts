import type { Evaluator } from '../config/values.js';
import { readSection } from '../config/values.js';
import {
  type TriggeringAction,
  type TriggerTime,
  triggeringActions,
  triggerKeywords,
} from '../driver/resource-keywords.js';
import { AgentError } from '../errors/agent-error.js';
import type { Run } from '../exec/run.js';
import type { Log } from '../log/log.js';
import { argvOfCommand } from '../task/command-text.js';

/** Whose triggers an action runs: some actions have none of their own (spec service 9.1). */
const insteadOf: Readonly<Record<string, TriggeringAction>> = {
  startstandby: 'start',
  shutdown: 'stop',
};

/** The command of a trigger of a section, undefined when it has none. */
export function triggerOf(
  evaluator: Evaluator,
  section: string,
  time: TriggerTime,
  action: string,
): { name: string; command: string } | undefined {
  for (const name of [action, insteadOf[action]]) {
    const known = triggeringActions.find((candidate) => candidate === name);
    if (!known) continue;
    const key = `${time}_${known}`;
    const keyword = triggerKeywords[key];
    if (!keyword || !evaluator.find(section, key, keyword)) continue;
    const { partial } = readSection(evaluator, section, { [key]: keyword });
    const command = (partial as Record<string, string | undefined>)[key];
    if (command !== undefined) return { name: key, command };
  }
  return undefined;
}

export interface TriggerSurroundings {
  readonly run: Run;
  readonly log: Log;
  readonly environment: Readonly<Record<string, string>>;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs the triggers of one time. Its output is logged line by line. One that does not block only
 * logs its failure.
 *
 * @throws AgentError `E_TRIGGER` when a blocking one fails
 */
export async function runTriggers(
  evaluator: Evaluator,
  section: string,
  when: 'pre' | 'post',
  action: string,
  around: TriggerSurroundings,
): Promise<void> {
  for (const time of [when, `blocking_${when}`] as const) {
    const trigger = triggerOf(evaluator, section, time, action);
    if (!trigger) continue;
    const failure = await runTrigger(trigger, around);
    if (failure === undefined) continue;
    const text = `${trigger.name}: ${trigger.command} ${failure}`;
    if (time.startsWith('blocking')) throw new AgentError('E_TRIGGER', text);
    around.log.error(text);
  }
}

/** @returns how it failed */
async function runTrigger(
  { name, command }: { name: string; command: string },
  { run, log, environment, dryRun, signal }: TriggerSurroundings,
): Promise<string | undefined> {
  if (command.trim() === '') {
    log.warn(`${name} is empty`);
    return undefined;
  }
  if (dryRun) {
    log.info(`exec trigger ${command}`);
    return undefined;
  }
  log.info(`${name}: ${command}`);
  try {
    const result = await run(argvOfCommand(command), {
      timeoutMs: 0,
      env: { ...environment, LANG: 'C' },
      signal,
      onLine: (stream, line) => log[stream === 'stdout' ? 'info' : 'error'](`| ${line}`),
    });
    if (result.exitCode === 0) return undefined;
    return result.exitCode === null
      ? `was ended by ${result.signal}`
      : `exited with ${result.exitCode}`;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return `failed: ${error.message}`;
  }
}
