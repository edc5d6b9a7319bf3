import { type ActionContext, type KeywordValues, Leave } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import type { Log } from '../log/log.js';
import { type ActionSurroundings, actionContext, messageOf, type Surroundings } from './context.js';
import type { LoadedDriver } from './load-driver.js';
import { recordProvisioned } from './provisioned.js';
import { requirementsOf, unmetRequirement } from './requirements.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';
import type { Statuses } from './statuses.js';
import { runTriggers } from './triggers.js';

/** One thing a driver can be told to do. */
export type DriverVerb =
  | 'start'
  | 'stop'
  | 'provision'
  | 'unprovision'
  | 'stonith'
  | 'migrate'
  | 'presync'
  | 'postsync'
  | SyncVerb
  | BeforeSyncVerb
  | GroupVerb;

/** `sync_nodes`, `sync_drp`…: the verb of a driver's `sync` follows. */
export type SyncVerb = `sync_${string}`;
/** In the same way of its `beforeSync`. */
type BeforeSyncVerb = `before_${SyncVerb}`;
export type GroupVerb = `pg_${'freeze' | 'thaw' | 'kill'}`;

/** What all resources of one action of one service share. */
export interface Action {
  readonly around: Surroundings;
  readonly service: Service;
  readonly statuses: Statuses;
  readonly shared: Omit<ActionSurroundings, 'undo'>;
  /** Resources that are being worked on. */
  readonly working: Set<string>;
  /** Told of these whenever there is a new one. */
  readonly onProgress?: ((rids: readonly string[]) => void) | undefined;
  /** With `--cron` unmet requirements are no error. */
  readonly cron: boolean;
  /** What takes back the changes of this action, last one last. */
  readonly undos: Undo[];
}

export interface Undo {
  readonly resource: Resource;
  work(): void | Promise<void>;
}

/** An error of one resource, with its place in front. */
export class ResourceError extends AgentError {
  readonly rid: string;

  constructor(rid: string, message: string, cause: unknown) {
    super('E_RESOURCE', message, { cause });
    this.rid = rid;
  }
}

/**
 * Takes one resource through an action (spec service 3.5): filters, requirements, triggers, the
 * driver, and its status afterwards.
 *
 * @throws ResourceError unless the resource is optional
 * @throws Leave when its set or the whole action ends with it
 */
export async function actOn(resource: Resource, verb: DriverVerb, action: Action): Promise<void> {
  const { around, service, statuses, shared } = action;
  const log = around.logOf(service, resource.rid);
  if (resource.inside || resource.disabled) return;
  if (resource.tags.includes('noaction') && verb !== 'presync') return;
  try {
    await act(resource, verb, action);
  } catch (error) {
    if (error instanceof Leave) {
      log.info(error.message);
      if (error.what !== 'resource') throw error;
      return;
    }
    if (!(error instanceof AgentError)) throw error;
    log.error(messageOf(error));
    if (error.remedy) log.error(error.remedy);
    if (!resource.optional) throw new ResourceError(resource.rid, messageOf(error), error);
    log.info('the resource is optional: its error is ignored');
  } finally {
    action.working.delete(resource.rid);
    if (!shared.dryRun) statuses.forget();
  }
}

async function act(resource: Resource, verb: DriverVerb, action: Action): Promise<void> {
  const { around, service, statuses, shared, undos } = action;
  const { rid, driver, driverId, values, standby } = resource;
  const log = around.logOf(service, rid);
  if (!driver) {
    throw new AgentError('E_NO_DRIVER', `there is no driver ${driverId}`, {
      exit: 'config',
      remedy: 'correct `type`, or disable the resource',
    });
  }
  if (!values) {
    const finding = resource.findings.find(({ level }) => level === 'error');
    throw new AgentError('E_CONFIG', `${finding?.key ?? rid}: ${finding?.message}`, {
      exit: 'config',
      remedy: `see \`svcmgr -s ${service.scope} validate config\``,
    });
  }
  const context = actionContext(around, service, resource, statuses.of, {
    ...shared,
    undo: (work) => void undos.push({ resource, work }),
  });
  const steps = await stepsOf(driver, verb, values, context);
  if (steps.length === 0) return;
  action.working.add(rid);
  action.onProgress?.([...action.working]);
  if (verb === 'stop' && standby && !shared.force) {
    if (driver.standbyStop) return driver.standbyStop(values as never, context);
    log.info("skip 'stop' on standby resource (--force to override)");
    return;
  }
  await requireOthers(resource, action);
  const triggers = {
    run: around.run,
    log,
    dryRun: shared.dryRun,
    signal: shared.interrupt.signal,
    environment: context.environment,
  };
  if (isBeforeSync(verb)) {
    for (const step of steps) await step(values as never, context);
    shared.prepared.add(rid);
    return;
  }
  const { evaluator } = service.source;
  await runTriggers(evaluator, rid, 'pre', shared.action, triggers);
  for (const step of steps) await step(values as never, context);
  if (driver.provision && !shared.dryRun && (verb === 'provision' || verb === 'unprovision')) {
    keepProvisioned(() => recordProvisioned(service, rid, verb === 'provision'), log);
  }
  await runTriggers(evaluator, rid, 'post', shared.action, triggers);
}

/** A full disk costs the record, never what was done: what is up counts as provisioned all the same. */
function keepProvisioned(record: () => void, log: Log): void {
  try {
    record();
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    log.warn(`not recorded: ${error.message}`);
  }
}

type Step = NonNullable<LoadedDriver['start']>;

/** What a verb means for a driver: what is provisioned is started as well, and stopped before its end. */
async function stepsOf(
  driver: LoadedDriver,
  verb: DriverVerb,
  values: KeywordValues,
  context: ActionContext,
): Promise<Step[]> {
  const { start, stop, provision, unprovision } = driver;
  const isProvisioned = async () => (await driver.provisioned?.(values as never, context)) ?? true;
  if (isSync(verb)) return [driver.sync?.[syncWord(verb)]].filter(isStep);
  if (isBeforeSync(verb)) return [driver.beforeSync?.[syncWord(verb)]].filter(isStep);
  const group = driver.processGroup;
  const wanted: Record<
    Exclude<DriverVerb, SyncVerb | BeforeSyncVerb>,
    () => Promise<(Step | undefined)[]>
  > = {
    stonith: async () => [driver.stonith],
    migrate: async () => [driver.migrate],
    pg_freeze: async () => [group?.freeze],
    pg_thaw: async () => [group?.thaw],
    pg_kill: async () => [group?.kill],
    presync: async () => [driver.presync],
    postsync: async () => [driver.postsync],
    start: async () => [start],
    stop: async () => [stop],
    provision: async () => [(await isProvisioned()) ? undefined : provision, start],
    unprovision: async () => [stop, (await isProvisioned()) ? unprovision : undefined],
  };
  return (await wanted[verb]()).filter(isStep);
}

export function isSync(verb: DriverVerb): verb is SyncVerb {
  return verb.startsWith('sync_');
}

/** `nodes`, `drp`, `update`… */
export function syncWord(verb: SyncVerb | BeforeSyncVerb): string {
  return verb.replace(/^(before_)?sync_/, '');
}

function isBeforeSync(verb: DriverVerb): verb is BeforeSyncVerb {
  return verb.startsWith('before_sync_');
}

function isStep(step: Step | undefined): step is Step {
  return step !== undefined;
}

/** @throws AgentError, or Leave under `--cron`, when another resource is not as it has to be */
async function requireOthers({ rid }: Resource, action: Action): Promise<void> {
  const { service, statuses, around, cron, shared } = action;
  const unmet = await unmetRequirement(
    requirementsOf(service.source.evaluator, rid, shared.action),
    async (name) => {
      const other = service.resources.find((candidate) => candidate.rid === name);
      return other && (await statuses.of(other)).status;
    },
    (name) =>
      around
        .logOf(service, rid)
        .warn(`${shared.action}_requires names ${name}, which does not exist`),
  );
  if (unmet === undefined) return;
  if (cron) throw new Leave('resource', unmet);
  throw new AgentError('E_REQUIREMENT', unmet);
}
