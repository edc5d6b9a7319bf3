/** svcmgr delete: removes services with all they have, or single sections of theirs. */

import { rmSync } from 'node:fs';
import { parseIni } from '../../config/ini.js';
import { objectVarDirectory } from '../../config/object-path.js';
import { AgentError, errnoOf } from '../../errors/agent-error.js';
import { removeGroupAt } from '../../exec/named-groups.js';
import { freshenIndex } from '../../scheduler/fresh-index.js';
import { defaultLockWaitMs, underActionLocks } from '../../service/action-lock.js';
import { placesOf } from '../../service/companions.js';
import type { InstalledService } from '../../service/installed.js';
import { serviceGroup } from '../../service/process-group.js';
import { groupOf } from '../../service/sections.js';
import { forgetTasks } from '../../service/task-status.js';
import { isUp } from '../../status/values.js';
import { instanceTable } from '../../store/instances.js';
import { lastRunTable } from '../../store/last-runs.js';
import { StoreUnwritableError } from '../../store/store.js';
import type { App } from '../app.js';
import { defineCommand, dryRunOption } from '../command.js';
import { actionOptions, durationOf } from './action.js';
import { changeServices } from './change.js';
import { lastStatuses } from './last-status.js';
import { ridsOf, selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    rid: {
      type: 'string',
      value: 'RID',
      describe: 'only these sections, by name or group, separated by commas',
    },
    unprovision: {
      type: 'boolean',
      default: false,
      describe: 'stop the resources first, and destroy what they were made of',
    },
    waitlock: actionOptions.waitlock,
    ...dryRunOption('say what would be removed'),
  },
  examples: [
    ['$0 -s web delete', 'its runs stay in the ledger'],
    ['$0 -s web delete --rid fs#2,sync', 'a file system and every synchronisation'],
  ],
  async run(app, args) {
    if (args.service === undefined) {
      throw new AgentError('E_USAGE', 'name what is to be deleted', {
        exit: 'usage',
        remedy: "svcmgr -s NAME delete; '*' is every service",
      });
    }
    const services = await selected(app, args);
    const { rid } = args;
    const rids = rid === undefined ? [] : ridsOf(rid);
    const dryRun = args['dry-run'];
    const change = (isPlan: boolean): Promise<void> =>
      changeServices(app, services, (text, service) => removals(text, rids, service), {
        'dry-run': isPlan,
        force: true,
      });
    if (rid !== undefined) await change(true);
    if (args.unprovision && !dryRun) {
      const { provisioning } = await import('./provisioning.js');
      const scopes = services.map(({ scope }) => scope);
      const code = await provisioning(app, 'unprovision', {
        scopes,
        ...(rid !== undefined && { rid }),
        args,
      });
      if (code !== 0) {
        app.note('nothing was deleted: unprovision it first, or delete it without --unprovision');
        return code;
      }
    }
    if (rid !== undefined) {
      if (!dryRun) await change(false);
      return 0;
    }
    if (dryRun) {
      const places = services.flatMap(({ path }) => placesOf(app.paths, path));
      for (const place of places) app.print(`remove ${place}\n`);
      return 0;
    }
    const running = new Set(await whatIsUp(app, services));
    const waitMs = durationOf('--waitlock', args.waitlock) ?? defaultLockWaitMs;
    for (const { path, scope } of services) {
      const directory = objectVarDirectory(app.paths, path);
      await underActionLocks({ directory }, { intent: 'delete', object: scope, waitMs }, () =>
        placesOf(app.paths, path).forEach(remove),
      );
      if (running.has(scope)) app.note(`${scope}: it was up; what it started goes on without it`);
    }
    for (const { scope } of services) removeGroupAt(serviceGroup(scope));
    const warning = await forget(app, services);
    if (warning) app.note(`warning: ${warning.message}`);
    return 0;
  },
});

/** By scope, as far as it is known: a store that cannot be read keeps nobody from deleting. */
async function whatIsUp(app: App, services: readonly InstalledService[]): Promise<string[]> {
  try {
    const statusOf = await lastStatuses(app);
    return services.filter((service) => isUp(statusOf(service))).map(({ scope }) => scope);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return [];
  }
}

/** @throws AgentError for a section that is not there; then nothing is removed */
function removals(text: string, rids: readonly string[], { scope }: InstalledService) {
  const names = parseIni(text).sections.map(({ name }) => name);
  const sections = rids.flatMap((word) => {
    const found = names.filter((name) => name === word || groupOf(name) === word);
    if (found.length > 0 && word !== 'DEFAULT') return found;
    throw new AgentError('E_NO_RESOURCE', `${scope}: there is no section ${word} to delete`, {
      remedy: `its sections are ${names.filter((name) => name !== 'DEFAULT').join(', ') || 'none'}`,
    });
  });
  return [...new Set(sections)].map((section) => ({ op: 'remove' as const, section }));
}

/** @returns why the schedule and the last runs of deleted services could not be forgotten now */
async function forget(
  app: App,
  services: readonly InstalledService[],
): Promise<StoreUnwritableError | undefined> {
  const store = await app.store();
  const stale = await freshenIndex(await app.scheduler(), store);
  if (stale) return stale;
  try {
    const lastRuns = lastRunTable(store);
    const instances = instanceTable(store);
    store.immediate(() => {
      for (const { scope } of services) {
        lastRuns.remove(scope);
        instances.remove(scope);
        forgetTasks(store, scope);
      }
    });
    return undefined;
  } catch (error) {
    if (error instanceof StoreUnwritableError) return error;
    throw error;
  }
}

function remove(place: string): void {
  try {
    rmSync(place, { recursive: true, force: true });
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined) throw cause;
    throw new AgentError('E_REMOVE', `${place} cannot be removed (${code})`, {
      exit: code === 'EACCES' || code === 'EPERM' ? 'notPermitted' : 'io',
      remedy: 'correct that, then delete the service again: the rest is still there',
      cause,
    });
  }
}
