/** Which services a command is about. */
import { AgentError } from '../../errors/agent-error.js';
import {
  type InstalledService,
  installedServices,
  selectServices,
} from '../../service/installed.js';
import type { App } from '../app.js';
import type { OptionTable } from '../command.js';

/** The option that every service command has. */
export const selectorOption = {
  service: {
    type: 'string',
    alias: 's',
    value: 'SELECTOR',
    describe: 'names or globs of services, separated by commas; default all',
  },
} as const satisfies OptionTable;

/**
 * The selected services in order of their paths.
 * @throws AgentError when a named service does not exist, or nothing matches
 */
export function selected(app: App, selector: string | undefined): InstalledService[] {
  const installed = installedServices(app.paths);
  if (selector === undefined) return installed;
  const { services, missing } = selectServices(installed, selector);
  if (missing[0] !== undefined) {
    throw new AgentError('E_NO_SERVICE', `${missing[0]}: service does not exist`, {
      remedy: 'see `svcmgr ls`, or make it with `svcmgr -s NAME create`',
    });
  }
  if (services.length === 0) {
    throw new AgentError('E_NO_SERVICE', `no service matches '${selector}'`, {
      remedy: 'see `svcmgr ls`',
    });
  }
  return services;
}

/** The one service that a command works on. */
export function selectedOne(app: App, selector: string | undefined): InstalledService {
  const services = selector === undefined ? [] : selected(app, selector);
  const [only] = services;
  if (only && services.length === 1) return only;
  throw new AgentError('E_USAGE', 'this command works on one service', {
    exit: 'usage',
    remedy: 'name it: svcmgr -s NAME …',
  });
}
