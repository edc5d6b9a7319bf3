import type { Finding } from '../config/finding.js';
import { parseIni } from '../config/ini.js';
import { objectOfConfigFile } from '../config/object-path.js';
import { type SectionRule, validateConfig } from '../config/validate.js';
import { resourceKeywords } from '../driver/resource-keywords.js';
import { drivers } from '../drivers/catalogue.js';
import { AgentError } from '../errors/agent-error.js';
import { checkCatchups, checkSchedule, scheduleFindings } from '../task/check-schedule.js';
import { serviceKeywords } from './keywords.js';
import { driverIdOf } from './resource-driver.js';
import { openServiceFile, type ServiceFileContext } from './service-file.js';

const freeSections = ['env', 'labels', 'data'];
const groups = ['ip', 'disk', 'fs', 'share', 'container', 'app', 'sync', 'task', 'volume'];

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
    const group = name.split('#', 1)[0] ?? '';
    if (name === 'DEFAULT' || !name.includes('#') || !groups.includes(group)) continue;
    const id = driverIdOf(service, name);
    const load = drivers[id];
    const table = load ? (await load()).default.keywords : {};
    rules.set(name, {
      table: { ...resourceKeywords, ...table },
      name: `driver ${id}`,
      ...(load ? {} : { free: true, problem: `there is no driver ${id}` }),
    });
  }
  const findings = validateConfig(service.evaluator, {
    ruleOf: (section) => rules.get(section),
    groups: [...groups, ...freeSections, 'DEFAULT'],
  });
  return [...findings, ...schedules, ...checkCatchups(ini)];
}
