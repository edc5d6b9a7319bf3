import type { Finding } from '../config/finding.js';
import { parseIni } from '../config/ini.js';
import { objectOfConfigFile, problemOfObjectName } from '../config/object-path.js';
import { type SectionRule, validateConfig } from '../config/validate.js';
import { type Evaluator, readSection } from '../config/values.js';
import { everyResourceKeyword, resourceKeywords } from '../driver/resource-keywords.js';
import { AgentError } from '../errors/agent-error.js';
import { checkCatchups, checkSchedule, scheduleFindings } from '../task/check-schedule.js';
import { headKeywords, subsetKeywords } from './keywords.js';
import { isKnownUnsupported, loadDriver } from './load-driver.js';
import {
  driverIdOf,
  freeSections,
  isSubsetName,
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
    ['DEFAULT', { table: headKeywords, name: 'DEFAULT' }],
    ...freeSections.map((name): [string, SectionRule] => [name, { table: {}, name, free: true }]),
  ]);
  for (const { name } of ini.sections) {
    if (isSubsetName(name)) rules.set(name, { table: subsetKeywords, name: 'subset' });
    else if (parseSectionName(name)) rules.set(name, await resourceRule(service.evaluator, name));
  }
  const findings = validateConfig(service.evaluator, {
    ruleOf: (section) => rules.get(section),
    groups: [...resourceGroups, ...freeSections, 'DEFAULT', 'subset'],
  });
  const homeless = homelessFindings(service.evaluator);
  return [...oddName(path.name), ...findings, ...homeless, ...schedules, ...checkCatchups(ini)];
}

async function resourceRule(evaluator: Evaluator, section: string): Promise<SectionRule> {
  const id = driverIdOf(evaluator, section);
  const driver = await loadDriver(id);
  const deprecatedFor = modernName(section);
  return {
    table: { ...everyResourceKeyword, ...driver?.keywords },
    name: `driver ${id}`,
    ...(driver ? {} : { free: true, ...whyNotDriven(id) }),
    ...(deprecatedFor !== undefined && { deprecatedFor }),
  };
}

function whyNotDriven(id: string): Pick<SectionRule, 'idle' | 'problem'> {
  if (isKnownUnsupported(id)) {
    return { idle: `nothing here drives ${id}: its status is undef, and its actions fail` };
  }
  return { problem: id.endsWith('.?') ? 'type is required' : `there is no driver ${id}` };
}

/** What is to be driven inside of a container, in a service that names none. */
function homelessFindings(evaluator: Evaluator): Finding[] {
  const { ini, sets } = evaluator;
  if (sets.encapnodes.length > 0) return [];
  const { encap, tags } = resourceKeywords;
  return ini.sections.flatMap(({ name: section, line }): Finding[] => {
    if (!parseSectionName(section)) return [];
    const { partial } = readSection(evaluator, section, { encap, tags });
    if (partial.encap !== true && !partial.tags?.includes('encap')) return [];
    const message = 'nobody drives it: no container is named by `encapnodes`';
    return [{ level: 'warning', line, section, key: 'encap', message }];
  });
}

/** Names that `create` refuses stay usable where they exist. */
function oddName(name: string): Finding[] {
  const problem = problemOfObjectName(name);
  if (problem === undefined) return [];
  return [
    { level: 'warning', line: 1, section: '', message: `the name of the service: ${problem}` },
  ];
}
