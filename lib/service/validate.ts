import type { Finding } from '../config/finding.js';
import { parseIni } from '../config/ini.js';
import { objectOfConfigFile } from '../config/object-path.js';
import { type SectionRule, validateConfig } from '../config/validate.js';
import { everyResourceKeyword } from '../driver/resource-keywords.js';
import { AgentError } from '../errors/agent-error.js';
import { checkCatchups, checkSchedule, scheduleFindings } from '../task/check-schedule.js';
import { serviceKeywords } from './keywords.js';
import { loadDriver } from './load-driver.js';
import {
  driverIdOf,
  freeSections,
  modernName,
  parseSectionName,
  resourceGroups,
} from './sections.js';
import { openServiceFile, type ServiceFileContext } from './service-file.js';

/** Checks a service file as it would be used on this node. */
export async function validateService(
  bytes: Uint8Array,
  file: string,
  context: ServiceFileContext,
): Promise<Finding[]> {
  const path = objectOfConfigFile(context.paths, file);
  if (!path) throw new AgentError('E_OBJECT_PATH', `${file} is no service file`, { exit: 'usage' });
  const ini = parseIni(bytes);
  const schedules = await scheduleFindings(ini);
  const options = { ...context, checkSchedule };
  const service = openServiceFile(path, ini, options);

  const rules = new Map<string, SectionRule>([
    ['DEFAULT', { table: serviceKeywords, name: 'DEFAULT' }],
    ...freeSections.map((name): [string, SectionRule] => [name, { table: {}, name, free: true }]),
  ]);
  for (const { name } of ini.sections) {
    if (!parseSectionName(name)) continue;
    const id = driverIdOf(service.evaluator, name);
    const driver = await loadDriver(id);
    const deprecatedFor = modernName(name);
    rules.set(name, {
      table: { ...everyResourceKeyword, ...driver?.keywords },
      name: `driver ${id}`,
      ...(driver ? {} : { free: true, problem: `there is no driver ${id}` }),
      ...(deprecatedFor !== undefined && { deprecatedFor }),
    });
  }
  const findings = validateConfig(service.evaluator, {
    ruleOf: (section) => rules.get(section),
    groups: [...resourceGroups, ...freeSections, 'DEFAULT'],
  });
  return [...findings, ...schedules, ...checkCatchups(ini)];
}
