import {
  formatObjectPath,
  objectConfigFile,
  objectLogFile,
  objectVarDirectory,
  parseObjectPath,
} from '../config/object-path.js';
import { secretTexts } from '../config/secrets.js';
import { type Evaluator, readSection } from '../config/values.js';
import type { RunOutcome } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import { readDockerFacts } from './docker-facts.js';
import { objectEnvironment } from './environment.js';
import { loadDriver } from './load-driver.js';
import { whyNotRun } from './may-run.js';
import { processGroupOf } from './process-group.js';
import { driverIdOf } from './sections.js';
import { readServiceFile } from './service-file.js';
import type { TaskRequest, TaskServices } from './task-request.js';
import { runTriggers, triggerOf } from './triggers.js';

/**
 * Runs one task resource of a service.
 * @throws AgentError when the service, the resource or its configuration cannot be used
 */
export async function runTaskResource(
  request: TaskRequest,
  services: TaskServices,
): Promise<RunOutcome & { log: string }> {
  const { scope, rid } = request;
  const { paths, log } = services;
  const path = parseObjectPath(scope);
  const file = objectConfigFile(paths, path);
  const source = readServiceFile(file, services);
  const { evaluator, ini } = source;
  if (!ini.byName.has(rid)) {
    throw new AgentError('E_NO_RESOURCE', `${path.name}: there is no resource ${rid}`, {
      remedy: 'see `svcmgr print config`',
    });
  }
  const id = driverIdOf(evaluator, rid);
  const driver = await loadDriver(id);
  const run = driver?.run;
  if (!run) {
    throw new AgentError(
      driver ? 'E_NO_ACTION' : 'E_NO_DRIVER',
      driver
        ? `${scope} ${rid}: ${id} has nothing to run`
        : `${scope} ${rid}: there is no driver ${id}`,
      { exit: 'config', remedy: 'correct `type`, or disable the resource' },
    );
  }
  services.hide(secretTexts(evaluator, (name) => (name === rid ? driver.keywords : undefined)));
  const { values, findings } = readSection(evaluator, rid, driver.keywords);
  if (!values) {
    const finding = findings.find(({ level }) => level === 'error');
    const place = `${file}:${finding?.line ?? 1}`;
    throw new AgentError('E_CONFIG', `${place}: ${finding?.key ?? rid}: ${finding?.message}`, {
      exit: 'config',
      remedy: `see \`svcmgr -s ${scope} validate config\``,
    });
  }
  const environment = taskEnvironment(request, evaluator.find('DEFAULT', 'id')?.text);
  const outcome =
    (await whyNotRun(request, source, values, services)) ??
    (await withTriggers(evaluator, request, { ...services, environment }, () =>
      run(values as never, {
        run: services.run,
        log,
        clock: services.clock,
        environment,
        processGroup: processGroupOf(evaluator, scope, rid),
        docker: () => readDockerFacts(evaluator, objectVarDirectory(paths, path)),
        wake: async () => {
          if (!driver.wake) return;
          const { wakeEngineOfTask } = await import('./wake-engine.js');
          const signal = request.signal ?? new AbortController().signal;
          await wakeEngineOfTask(file, rid, services, signal);
        },
        ...(request.onLine && { onLine: request.onLine }),
      }),
    ));
  return { ...outcome, log: objectLogFile(paths, path) };
}

/** Most tasks have no triggers: nothing is loaded for those. */
async function withTriggers(
  evaluator: Evaluator,
  { rid, signal }: TaskRequest,
  { run, log, environment }: TaskServices & { environment: Readonly<Record<string, string>> },
  work: () => Promise<RunOutcome>,
): Promise<RunOutcome> {
  const times = ['pre', 'blocking_pre', 'post', 'blocking_post'] as const;
  if (!times.some((time) => triggerOf(evaluator, rid, time, 'run'))) return work();
  const around = {
    ...{ run, log, environment, dryRun: false },
    signal: signal ?? new AbortController().signal,
  };
  await runTriggers(evaluator, rid, 'pre', 'run', around);
  const outcome = await work();
  if (outcome.state === 'ok') await runTriggers(evaluator, rid, 'post', 'run', around);
  return outcome;
}

/** What the programs of a task are told (names of the original agent, and the slot). */
function taskEnvironment(
  { scope, rid, runId, origin, slotBegin, slotEnd }: TaskRequest,
  id: string | undefined,
): Record<string, string> {
  const path = parseObjectPath(scope);
  const iso = (at: number | null): Record<string, string>[] =>
    at === null ? [] : [{ at: new Date(at).toISOString() }];
  const begin = iso(slotBegin)[0]?.['at'];
  const end = iso(slotEnd)[0]?.['at'];
  return {
    ...objectEnvironment({ path, scope: formatObjectPath(path), id }),
    OPENSVC_ACTION: 'run',
    OPENSVC_RID: rid,
    OPENSVC_LEADER: '0',
    OPENSVC_RUN_ID: String(runId),
    OPENSVC_RUN_ORIGIN: origin,
    ...(begin !== undefined && { OPENSVC_SLOT_BEGIN: begin }),
    ...(end !== undefined && { OPENSVC_SLOT_END: end }),
  };
}
