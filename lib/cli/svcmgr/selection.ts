/** Which services a command is about. */
import { nearest } from '../../config/finding.js';
import { parseObjectPath } from '../../config/object-path.js';
import { AgentError } from '../../errors/agent-error.js';
import { exitCodes } from '../../errors/exit-codes.js';
import { type InstalledService, installedServices, mentions } from '../../service/installed.js';
import type { ConfigOf } from '../../service/select/configured.js';
import { selectServices } from '../../service/select/select.js';
import { parseStatus, type Status, statusValues } from '../../status/values.js';
import type { App } from '../app.js';
import type { Args, OptionTable } from '../command.js';

/** The options of a command that makes a service. */
export const pathOptions = {
  service: { type: 'string', alias: 's', value: 'PATH', describe: 'path of the service' },
  namespace: {
    type: 'string',
    value: 'NAMESPACE',
    describe: 'relative paths live in it; default: OSVC_NAMESPACE',
  },
} as const satisfies OptionTable;

/** The same for existing services. */
export const expressionOptions = {
  ...pathOptions,
  service: {
    type: 'string',
    alias: 's',
    value: 'SELECTOR',
    describe: 'names, globs and matches (app.timeout>1), joined by + and commas; default all',
  },
} as const satisfies OptionTable;

/** The options that nearly every command about existing services has. */
export const selectorOption = {
  ...expressionOptions,
  status: {
    type: 'string',
    value: 'STATUS',
    describe: 'only services whose overall status is one of these, separated by commas',
  },
  state: { type: 'string', value: 'STATUS', describe: 'the same as --status' },
  onlyprimary: {
    type: 'boolean',
    default: false,
    describe: 'only services that this node starts at boot (autostart_node)',
  },
  onlysecondary: {
    type: 'boolean',
    default: false,
    describe: 'only services that this node does not start at boot',
  },
} as const satisfies OptionTable;

/** What these options say; each may be missing. */
export type SelectionArgs = Partial<
  Omit<Args<typeof selectorOption>, 'operands' | 'format' | 'color' | 'debug'>
>;

export interface SelectOptions {
  /**
   * That nothing is selected is no error: as it is for `ls`; or without a selection alone, as it is
   * for what machines call on nodes that have no service yet.
   */
  readonly mayBeEmpty?: boolean | 'unselected';
  /** The caller knows the priorities already: they are not read from the configurations. */
  readonly unordered?: boolean;
}

/**
 * The selected services by priority, then path. Names that do not exist are reported; the program
 * then ends with 1, after it has worked on the others.
 *
 * @throws AgentError when nothing is selected, or the selection is mistyped
 */
export async function selected(
  app: App,
  args: SelectionArgs,
  { mayBeEmpty = false, unordered = false }: SelectOptions = {},
): Promise<InstalledService[]> {
  const namespace = namespaceOf(app, args);
  checkFilters(args);
  const installed = installedServices(app.paths);
  const { service: expression } = args;
  const found =
    expression === undefined
      ? installed.filter(({ path }) => namespace === undefined || path.namespace === namespace)
      : await chosenBy(app, installed, { expression, namespace });
  const services = await filtered(app, args, found, unordered);
  const isUnselected = expression === undefined && !isFiltered(args);
  if (services.length > 0 || mayBeEmpty === true) return services;
  if (mayBeEmpty === 'unselected' && isUnselected) return services;
  throw nothingSelected(args, installed.length);
}

/** The one service that a command works on. */
export async function selectedOne(app: App, args: SelectionArgs): Promise<InstalledService> {
  const services = args.service === undefined ? [] : await selected(app, args);
  const [only] = services;
  if (only && services.length === 1) return only;
  const many = services.length > 1 ? `, '${args.service}' selects ${services.length}` : '';
  throw new AgentError('E_USAGE', `this command works on one service${many}`, {
    exit: 'usage',
    remedy: 'name it: svcmgr -s NAME …',
  });
}

/** The words of `--rid`. @throws AgentError when there is none */
export function ridsOf(text: string): string[] {
  const rids = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (rids.length > 0) return rids;
  throw new AgentError('E_USAGE', `--rid: '${text}' names nothing`, {
    exit: 'usage',
    remedy: 'name resources, separated by commas: --rid fs#1,task#2',
  });
}

/** The namespace that relative paths live in, undefined for the root one and all patterns. */
export function namespaceOf(app: App, args: Pick<SelectionArgs, 'namespace'>): string | undefined {
  const namespace = args.namespace ?? (app.edge.env['OSVC_NAMESPACE'] || undefined);
  if (namespace !== undefined) parseObjectPath(`${namespace}/svc/any`);
  return namespace;
}

async function chosenBy(
  app: App,
  installed: readonly InstalledService[],
  { expression, namespace }: { expression: string; namespace: string | undefined },
): Promise<readonly InstalledService[]> {
  const { services, missing, unusable } = await selectServices(installed, expression, {
    namespace,
    configReader: () => configReader(app),
  });
  for (const { service, error } of unusable) leaveOut(app, service, error);
  const errors = missing.map((name) => doesNotExist(name, installed));
  const last = services.length === 0 ? errors.pop() : undefined;
  for (const { message } of errors) app.note(`${app.program}: ${message}`);
  if (last) throw last;
  if (errors.length > 0) app.edge.setExitCode(exitCodes.failed.code);
  return services;
}

/** The others are worked on; the program ends with 1. */
function leaveOut(app: App, { scope }: InstalledService, { message }: AgentError): void {
  app.note(`${app.program}: ${scope} is left out: ${message}`);
  app.edge.setExitCode(exitCodes.failed.code);
}

/** Modules that read configurations are loaded when one has to be read. */
async function configReader(app: App): Promise<ConfigOf> {
  const { configReader } = await import('../../service/select/configured.js');
  const { serviceContext } = await import('../service-context.js');
  return configReader(serviceContext(app));
}

/** Those that every filter keeps, in the order of an action. */
async function filtered(
  app: App,
  args: SelectionArgs,
  services: readonly InstalledService[],
  unordered: boolean,
): Promise<InstalledService[]> {
  let kept = [...services];
  const wanted = [args.status, args.state].flatMap((text) =>
    text === undefined ? [] : [statusesIn(text)],
  );
  if (wanted.length > 0) {
    const { lastStatuses } = await import('./last-status.js');
    const statusOf = await lastStatuses(app);
    kept = kept.filter((one) => wanted.every((statuses) => statuses.includes(statusOf(one))));
  }
  const byBoot = args.onlyprimary || args.onlysecondary;
  const isOrdered = unordered || kept.length < 2 || !kept.some((one) => mentions(one, 'priority'));
  if (isOrdered && !byBoot) return kept;
  const { inPriorityOrder, startsAtBoot } = await import('../../service/select/configured.js');
  const configOf = await configReader(app);
  if (byBoot) {
    kept = kept.filter((one) => {
      try {
        return startsAtBoot(configOf(one)) === args.onlyprimary;
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        leaveOut(app, one, error);
        return false;
      }
    });
  }
  return inPriorityOrder(kept, configOf);
}

function isFiltered({ status, state, onlyprimary, onlysecondary }: SelectionArgs): boolean {
  return status !== undefined || state !== undefined || onlyprimary || onlysecondary || false;
}

/** @throws AgentError for filters that are mistyped */
function checkFilters({ status, state, onlyprimary, onlysecondary }: SelectionArgs): void {
  if (status !== undefined) statusesIn(status);
  if (state !== undefined) statusesIn(state, '--state');
  if (!onlyprimary || !onlysecondary) return;
  throw new AgentError('E_USAGE', '--onlyprimary and --onlysecondary exclude each other', {
    exit: 'usage',
  });
}

/** @throws AgentError for a word that is no status */
function statusesIn(text: string, option = '--status'): Status[] {
  return text.split(',').map((word) => {
    const status = parseStatus(word);
    if (status !== undefined) return status;
    const near = nearest(word.trim(), statusValues);
    throw new AgentError('E_USAGE', `${option}: '${word.trim()}' is no status`, {
      exit: 'usage',
      remedy: near ? `did you mean '${near}'?` : `write some of ${statusValues.join(', ')}`,
    });
  });
}

function doesNotExist(name: string, installed: readonly InstalledService[]): AgentError {
  const near = nearest(
    name,
    installed.map(({ scope }) => scope),
  );
  return new AgentError('E_NO_SERVICE', `${name}: service does not exist`, {
    remedy: near
      ? `did you mean ${near}?`
      : 'see `svcmgr ls`, or make it with `svcmgr -s NAME create`',
  });
}

function nothingSelected(args: SelectionArgs, installed: number): AgentError {
  const words = [
    ...(args.service === undefined ? [] : [`'${args.service}'`]),
    ...(args.namespace === undefined ? [] : [`--namespace ${args.namespace}`]),
    ...(args.status === undefined ? [] : [`--status '${args.status}'`]),
    ...(args.state === undefined ? [] : [`--state '${args.state}'`]),
    ...(args.onlyprimary ? ['--onlyprimary'] : []),
    ...(args.onlysecondary ? ['--onlysecondary'] : []),
  ];
  if (installed === 0 && args.service === undefined) {
    return new AgentError('E_NO_SERVICE', 'no service is installed', {
      remedy: 'choose services with -s SELECTOR or --status; make one: `svcmgr -s NAME create`',
    });
  }
  return new AgentError('E_NO_SERVICE', `no service matches ${words.join(' ')}`, {
    remedy: 'see `svcmgr ls`',
  });
}
