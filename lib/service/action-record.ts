import { isSecretKey } from '../config/secrets.js';
import { AgentError } from '../errors/agent-error.js';
import { exitCodes } from '../errors/exit-codes.js';
import { showCommand } from '../exec/run.js';
import { formatElapsed } from '../units/elapsed.js';
import type { PerformOptions } from './action-plan.js';
import type { Surroundings } from './context.js';
import type { Service } from './service.js';

/** Who wants an action: a person, a schedule, or the resource monitor. */
export type ActionOrigin = 'user' | 'cron' | 'monitor';

/** What an equivalent command line would say. */
export interface RecordedOptions extends Omit<PerformOptions, 'signal' | 'onProgress'> {
  readonly origin?: ActionOrigin;
  readonly waitLockMs?: number | undefined;
  readonly node?: string | undefined;
}

/** Errors that have a line of their own in the log. */
const toldErrors: readonly string[] = ['E_RESOURCE', 'E_NOT_UP'];

/**
 * Does an action with its first and its last line in the log of the service, which no console shows
 * (spec service 11.3): the equivalent command line with its origin; the action, its duration, its
 * return code, and what refused it.
 */
export async function recorded<T>(
  service: Pick<Service, 'path' | 'scope' | 'secrets'>,
  name: string,
  around: Pick<Surroundings, 'journalOf' | 'clock'>,
  options: RecordedOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (options.dryRun) return work();
  const log = around.journalOf(service);
  const origin = options.origin ?? (options.cron ? 'cron' : 'user');
  const began = around.clock.monotonic();
  let code: number = exitCodes.ok.code;
  log.info(`do ${commandLine(service.scope, name, options)} (${origin} origin)`);
  try {
    return await work();
  } catch (error) {
    code = error instanceof AgentError ? error.exitCode : exitCodes.failed.code;
    if (error instanceof AgentError && !toldErrors.includes(error.code)) log.error(error.message);
    throw error;
  } finally {
    log.info(`${name} done in ${formatElapsed(around.clock.monotonic() - began)} - ret ${code}`);
  }
}

function commandLine(scope: string, name: string, options: RecordedOptions): string {
  const words = /^(sync|pg)_/.test(name) ? name.split('_') : [name];
  const valued = (option: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`--${option}`, value];
  const flag = (option: string, given: boolean | undefined): string[] =>
    given ? [`--${option}`] : [];
  const { waitLockMs, last, env = {} } = options;
  return showCommand([
    ...['svcmgr', '-s', scope, ...words],
    ...valued('node', options.node),
    ...valued('rid', options.rid),
    ...valued('tags', options.tags),
    ...valued('subsets', options.subsets),
    ...valued(name.startsWith('stop') ? 'downto' : 'upto', last),
    ...flag('master', options.master),
    ...flag('slaves', options.slaves),
    ...valued('slave', options.slave),
    ...flag('force', options.force),
    ...flag('cron', options.cron),
    ...flag('disable-rollback', options.disableRollback),
    ...flag('ignore-affinity', options.ignoreAffinity && !options.force),
    ...valued('waitlock', waitLockMs === undefined ? undefined : `${waitLockMs / 1000}s`),
    ...Object.entries(env).flatMap(([key, value]) => [
      '--env',
      `${key}=${isSecretKey(key, undefined) ? 'xxx' : value}`,
    ]),
  ]);
}
