import { convertKeyword } from '../config/convert.js';
import { type Finding, nearest } from '../config/finding.js';
import { parseIni } from '../config/ini.js';
import { defineKeywords, findKeyword } from '../config/keyword.js';
import { type SectionRule, validateConfig } from '../config/validate.js';
import { createEvaluator } from '../config/values.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import {
  checkAnySchedule,
  checkCatchups,
  checkSchedule,
  scheduleFindings,
} from '../task/check-schedule.js';
import { nodeSections } from './keywords.js';

/** Fall-back schedules, still read from DEFAULT. */
const defaultKeywords = defineKeywords({
  push_schedule: {
    kind: 'schedule',
    text: 'Schedule of the inventories that have none of their own.',
  },
  comp_schedule: { kind: 'schedule', text: 'Schedule of compliance, when it has none of its own.' },
  collect_stats_schedule: {
    kind: 'schedule',
    text: 'Schedule of collect_stats, when it has none of its own.',
  },
  sync_schedule: { kind: 'schedule', text: 'Kept for old files.' },
  no_schedule: { kind: 'schedule', text: 'Kept for old files.' },
});

/** Sections of node.conf that later parts of the suite read: their keywords are not checked yet. */
const otherSections =
  /^((stonith|hb|cloud|array|switch|backup)#.+|cluster|collector|env|labels|dequeue|ur|bosh|compliance|reboot|sysreport|disks|patches|stats|rotate_root_pw|dequeue_actions|sym|brocade|centera|dcs|emcvnx|eva|freenas|gcedisks|hds|hp3par|ibmds|ibmsvc|necism|netapp|nsr|vioserver|xtremio)$/;

/** Checks node.conf as it would be used on this node. */
export async function validateNodeConfig(
  bytes: Uint8Array,
  { paths, nodename }: { paths: Paths; nodename: string },
): Promise<Finding[]> {
  const ini = parseIni(bytes);
  const evaluator = createEvaluator(ini, { paths, nodename, checkSchedule });
  const findings = validateConfig(evaluator, {
    ruleOf,
    groups: [...Object.keys(nodeSections), 'DEFAULT'],
  });
  return [...findings, ...(await scheduleFindings(ini)), ...checkCatchups(ini)];
}

function ruleOf(section: string): SectionRule | undefined {
  if (section === 'DEFAULT') return { table: defaultKeywords, name: 'DEFAULT' };
  const table = Object.hasOwn(nodeSections, section) ? nodeSections[section] : undefined;
  if (table) return { table, name: `section [${section}]` };
  return otherSections.test(section) ? { table: {}, name: section, free: true } : undefined;
}

/** Why a value must not be written into node.conf, undefined when it may. */
export async function checkNodeValue(
  section: string,
  key: string,
  value: string,
): Promise<string | undefined> {
  const rule = ruleOf(section);
  if (!rule) {
    const near = nearest(section, Object.keys(nodeSections));
    return `unknown section${near ? `; did you mean ${near}?` : ''}`;
  }
  if (rule.free) return undefined;
  const keyword = findKeyword([rule.table], key)?.keyword;
  if (!keyword) {
    const near = nearest(key, Object.keys(rule.table));
    return `unknown keyword${near ? `; did you mean ${near}?` : ''}`;
  }
  if (keyword.kind === 'schedule') return checkAnySchedule(value);
  try {
    convertKeyword(keyword, value);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return error.message;
  }
  const dummy = parseIni(`[x]\n${key} = ${value.replaceAll('\n', ' ')}\n`);
  return checkCatchups(dummy)[0]?.message;
}
