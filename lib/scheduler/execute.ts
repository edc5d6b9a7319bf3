import { AgentError } from '../errors/agent-error.js';
import type { ProcessTree, Run } from '../exec/run.js';
import { nodeTasks } from '../node/catalogue.js';
import { runNodeTask } from '../node/run-node-task.js';
import { lastRunIn } from '../service/task-status.js';
import type { RunRow } from '../store/runs.js';
import { type Sample, sampleTable } from '../store/samples.js';
import type { Store } from '../store/store.js';
import { parseDuration } from '../units/duration.js';
import { runMarkName } from './marks.js';
import { type Outcome, plainOutcome } from './outcome.js';
import type { RunServices } from './run-services.js';

export interface ExecuteOptions {
  /** Monotonic ms at which the run is ended whatever its own timeout says. */
  deadline?: number | undefined;
  /** Told of each process that is started for the run. */
  onStart?: (tree: ProcessTree) => void;
  /** Answer to the confirmation of a task; undefined: it cannot be asked. */
  confirmed?: boolean;
  /** Also when the service is frozen. */
  force?: boolean;
  /** Ends the run early: a person's interrupt. */
  signal?: AbortSignal;
  /** Each line of output, while the task runs. */
  onLine?: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** How long a task may run when nothing says otherwise. */
const fallbackTimeoutMs = 60 * 60_000;

/**
 * Runs what a ledger row stands for. Expected failures are outcomes. The caller sees to it that the
 * task does not run more often at once than it may: the ledger does (`claim.ts`, `manual-run.ts`),
 * and where it cannot be written, the lock of the task (`task-lock.ts`).
 */
export function executeRow(
  row: RunRow,
  services: RunServices,
  options: ExecuteOptions = {},
): Promise<Outcome> {
  if (row.scope === 'node') return executeNodeTask(row, services, options);
  // Tasks are named by their section; everything else is done for the service.
  const execute = row.action === row.section ? executeServiceTask : executeServiceAction;
  return execute(row, services, options);
}

/** The run function of one ledger row: marks every process, ends it with the run. */
function markedRun(
  run: Run,
  row: RunRow,
  options: ExecuteOptions,
  signal: AbortSignal | undefined,
): Run {
  return (argv, given = {}) =>
    run(argv, {
      ...(signal && { signal }),
      ...given,
      ...(row.token !== null && { marks: { ...given.marks, [runMarkName]: row.token } }),
      onStart(tree) {
        options.onStart?.(tree);
        given.onStart?.(tree);
      },
    });
}

async function executeNodeTask(
  row: RunRow,
  services: RunServices,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { settings, store, clock } = services;
  const entry = nodeTasks.find(({ name }) => name === row.action);
  if (!entry) return plainOutcome('failed', `no node task is named ${row.action}`, 1);

  const configured = parseDuration(settings.ofTask(entry, 'timeout') ?? '');
  const timeoutMs = configured === 0 ? Number.POSITIVE_INFINITY : (configured ?? fallbackTimeoutMs);
  const budgetMs = Math.min(
    timeoutMs,
    (options.deadline ?? Number.POSITIVE_INFINITY) - clock.monotonic(),
  );
  const samples: Sample[] = [];
  let trimBefore: number | undefined;
  const abort = new AbortController();
  const interrupt = () =>
    abort.abort(new AgentError('E_INTERRUPTED', `${row.action} was interrupted`));
  if (options.signal?.aborted) interrupt();
  options.signal?.addEventListener('abort', interrupt);
  try {
    await runNodeTask(
      entry,
      {
        ...services,
        run: markedRun(services.run, row, options, abort.signal),
        setting: settings.get,
        samples: {
          add: (at, topic, data, bootId) =>
            void samples.push({ at, topic, bootId, data: JSON.stringify(data) }),
          trim() {
            trimBefore = clock.now() - settings.statsMaxAgeMs;
          },
        },
      },
      abort,
      Math.max(0, budgetMs),
    );
    putSamples(store, samples, trimBefore);
    return plainOutcome('ok', null, 0);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const timedOut = error.code === 'E_TASK_TIMEOUT';
    return plainOutcome(timedOut ? 'timeout' : 'failed', error.message, error.exitCode);
  }
}

/** One commit for all samples of a run: each commit waits for the disk. */
function putSamples(store: Store, samples: readonly Sample[], trimBefore: number | undefined) {
  if (samples.length === 0 && trimBefore === undefined) return;
  const table = sampleTable(store);
  store.immediate(() => {
    for (const sample of samples) table.add(sample);
    if (trimBefore !== undefined) table.trim(trimBefore);
  });
}

/** What is done for the service itself: its status, its failed resources. */
async function executeServiceAction(
  row: RunRow,
  services: RunServices,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { runScheduledAction } = await import('../service/run-scheduled.js');
  try {
    const result = await runScheduledAction(row, {
      paths: services.paths,
      nodename: services.nodename,
      clock: services.clock,
      env: services.deps.env,
      run: markedRun(services.run, row, options, options.signal),
      nodeConf: services.settings.get,
      store: services.store,
      syslog: services.syslog,
    });
    return { ...result, usage: null, log: null };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return plainOutcome('failed', error.message, error.exitCode);
  }
}

async function executeServiceTask(
  row: RunRow,
  services: RunServices,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { runTaskResource } = await import('../service/run-task.js');
  try {
    const result = await runTaskResource(
      {
        scope: row.scope,
        rid: row.section,
        runId: row.id,
        origin: row.origin,
        slotBegin: row.slotBegin,
        slotEnd: row.slotEnd,
        confirmed: options.confirmed,
        force: options.force,
        signal: options.signal,
        ...(options.onLine && { onLine: options.onLine }),
      },
      {
        paths: services.paths,
        nodename: services.nodename,
        log: services.logOf(row.scope, row.section),
        hide: services.hide,
        run: markedRun(services.run, row, options, options.signal),
        clock: services.clock,
        env: services.deps.env,
        nodeConf: services.settings.get,
        lastRun: lastRunIn(async () => services.store),
      },
    );
    return { ...result, usage: result.usage && JSON.stringify(result.usage) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return plainOutcome('failed', error.message, error.exitCode);
  }
}
