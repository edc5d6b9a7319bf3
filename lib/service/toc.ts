import { AgentError } from '../errors/agent-error.js';
import type { Store } from '../store/store.js';
import { argvOfCommand } from '../task/command-text.js';
import { type ActionOrigin, recorded } from './action-record.js';
import { loggedCommand, type Surroundings } from './context.js';
import { actionEnvironment } from './environment.js';
import { freeze, isFrozen } from './frozen.js';
import { operate } from './operate.js';
import { plans } from './plans.js';
import type { Service } from './service.js';

interface Options {
  readonly dryRun?: boolean;
  readonly origin?: ActionOrigin;
}

type MonitorAction = (
  service: Service,
  around: Surroundings,
  store: Store,
  options: Options,
) => Promise<void>;

/** What may happen when a monitored resource stays down, by `monitor_action`. */
const monitorActions: Readonly<Record<string, MonitorAction>> = {
  async freezestop(service, around, store, { dryRun = false }) {
    const log = around.logOf(service);
    log.info('freeze');
    if (!dryRun) freeze(service);
    await operate(service, plans.stop, around, store, { force: true, cluster: true, dryRun });
  },
  async reboot(service, around, _, { dryRun = false }) {
    const log = around.logOf(service);
    await loggedCommand(around.run, log, ['reboot', '--force', '--force'], { dryRun });
  },
  async crash(service, around, _, { dryRun = false }) {
    const log = around.logOf(service);
    const argv = ['/bin/sh', '-c', 'echo b > /proc/sysrq-trigger'];
    await loggedCommand(around.run, log, argv, { dryRun });
  },
};

/**
 * `pre_monitor_action`, then `monitor_action`. A service without one is left as it is.
 *
 * @throws AgentError `E_FROZEN` on a frozen instance, `E_MONITOR_ACTION` for one that cannot be taken
 */
export async function takeMonitorAction(
  service: Service,
  around: Surroundings,
  store: Store,
  options: Options = {},
): Promise<void> {
  const { header, scope } = service;
  const name = header.monitor_action;
  if (name === undefined) return;
  if (isFrozen(service)) {
    throw new AgentError('E_FROZEN', `${scope}: it is frozen; ${name} is refused`);
  }
  const act = monitorActions[name];
  if (!act) {
    throw new AgentError('E_MONITOR_ACTION', `${scope}: monitor_action ${name} cannot be taken`, {
      exit: 'config',
      remedy: `write one of ${Object.keys(monitorActions).join(', ')}`,
    });
  }
  await recorded(service, 'toc', around, options, async () => {
    const log = around.logOf(service);
    if (header.pre_monitor_action !== undefined) {
      try {
        await loggedCommand(around.run, log, argvOfCommand(header.pre_monitor_action), {
          env: actionEnvironment(service, 'toc'),
          dryRun: options.dryRun ?? false,
          streams: true,
        });
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        log.error(`pre_monitor_action: ${error.message}`);
      }
    }
    log.warn(`take monitor_action ${name}`);
    await act(service, around, store, options);
  });
}
