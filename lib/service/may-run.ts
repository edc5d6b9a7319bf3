import { type ObjectPath, objectConfigFile, objectVarDirectory } from '../config/object-path.js';
import type { Evaluator } from '../config/values.js';
import type { KeywordValues, RunOutcome } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import { isFrozen, isNodeFrozen } from './frozen.js';
import { guard } from './guard.js';
import { membershipOf } from './membership.js';
import { skippedOutcome } from './outcome.js';
import { requirementsOf, unmetRequirement } from './requirements.js';
import type { ServiceFile } from './service-file.js';
import type { TaskRequest, TaskServices } from './task-request.js';

/**
 * What keeps a task from running at all, in the order of spec service 3.5.
 * @returns the run that is left out
 * @throws AgentError where a person asked for the run and has to be told
 */
export async function whyNotRun(
  { scope, rid, origin, confirmed, force = false }: TaskRequest,
  { path, evaluator }: ServiceFile,
  values: KeywordValues,
  services: TaskServices,
): Promise<RunOutcome | undefined> {
  const { paths, nodeConf } = services;
  const { nodes, drpnodes } = membershipOf(evaluator);
  const isCron = origin === 'cron';
  const directory = objectVarDirectory(paths, path);
  if (isCron && (isFrozen({ directory }) || isNodeFrozen(paths))) {
    return skippedOutcome('the service is frozen');
  }
  const facts = {
    ...{ scope, nodes, drpnodes, directory, env: evaluator.find('DEFAULT', 'env')?.text },
  };
  // Under cron the flags have been looked at above.
  guard(facts, 'run', services, { force: force || isCron, nodeEnv: nodeConf('node', 'env') });
  const unmet = await unmetOfTask(evaluator, path, rid, services);
  if (unmet !== undefined) {
    if (isCron) return skippedOutcome(unmet);
    throw new AgentError('E_REQUIREMENT', unmet);
  }
  if (values['confirmation'] === true && confirmed !== true) {
    return skippedOutcome(
      confirmed === false ? 'not confirmed' : 'it wants a confirmation (--confirm)',
    );
  }
  return undefined;
}

/** Few tasks require anything: the service is opened for those alone. */
async function unmetOfTask(
  evaluator: Evaluator,
  path: ObjectPath,
  rid: string,
  services: TaskServices,
): Promise<string | undefined> {
  const requirements = requirementsOf(evaluator, rid, 'run');
  if (requirements.length === 0) return undefined;
  const { statusOfResources } = await import('./task-requirements.js');
  const statusOf = await statusOfResources(objectConfigFile(services.paths, path), services);
  return unmetRequirement(requirements, statusOf, (name) =>
    services.log.warn(`run_requires names ${name}, which does not exist`),
  );
}
