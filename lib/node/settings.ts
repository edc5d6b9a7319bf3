import { join } from 'node:path';
import { convertKeyword } from '../config/convert.js';
import { type ConfigFile, distrust, readConfigFile } from '../config/file.js';
import { effectiveUid } from '../env/host.js';
import { packageRoot } from '../env/package-root.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import type { OutboxLimits } from '../store/outbox.js';
import type { RetentionLimits } from '../store/retention.js';
import type { NodeTaskEntry } from './catalogue.js';
import { nodeKeywords } from './keywords.js';

/** node.conf over the shipped defaults, with the values that the suite itself uses converted. */
export interface NodeSettings {
  readonly file: ConfigFile | undefined;
  /** Why node.conf cannot be read at all. */
  readonly unreadable: string | undefined;
  /** The text of a keyword: node.conf, else the shipped default. */
  get(section: string, key: string): string | undefined;
  /** The same for a task, with its fall-back schedule in DEFAULT. */
  ofTask(task: NodeTaskEntry, key: string): string | undefined;
  /** Why a section cannot be used, undefined when it can. */
  problemOf(section: string): string | undefined;
  readonly maxParallel: number;
  readonly metricsTextfile: string | undefined;
  readonly retention: RetentionLimits;
  readonly outbox: OutboxLimits;
  readonly statsMaxAgeMs: number;
}

/** Rows that one clean-up step removes at most: it takes a few milliseconds. */
const retentionStep = 500;

export function readNodeSettings(paths: Paths): NodeSettings {
  const defaults = readConfigFile(join(packageRoot, 'schedules', 'node.conf'));
  let file: ConfigFile | undefined;
  let unreadable: string | undefined;
  try {
    file = readConfigFile(paths.nodeConf);
    const unsafe = file && distrust(paths.nodeConf, file.facts, effectiveUid());
    if (unsafe) throw unsafe;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    unreadable = error.message;
    file = undefined;
  }

  const written = (section: string, key: string): string | undefined => {
    const found = file?.ini.byName.get(section);
    if (!found || found.broken) return undefined;
    const names = [key, ...(section === 'node' ? aliasesOf(key) : [])];
    return names.map((name) => found.byKey.get(name)?.value).find((value) => value !== undefined);
  };
  const shipped = (section: string, key: string): string | undefined =>
    defaults?.ini.byName.get(section)?.byKey.get(key)?.value;
  const get = (section: string, key: string): string | undefined =>
    written(section, key) ?? shipped(section, key);

  /** A value that cannot be converted counts as not set: `validate config` reports it. */
  function value<K extends keyof typeof nodeKeywords & string>(key: K): unknown {
    const keyword = nodeKeywords[key];
    const fallback = keyword && 'default' in keyword ? keyword.default : undefined;
    for (const text of [written('node', key), fallback]) {
      if (text === undefined || !keyword) continue;
      try {
        return convertKeyword(keyword, text);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
      }
    }
    return undefined;
  }

  return {
    file,
    unreadable,
    get,
    ofTask: (task, key) =>
      written(task.section, key) ??
      (key === 'schedule' && task.fallback ? written('DEFAULT', task.fallback) : undefined) ??
      shipped(task.section, key),
    problemOf(section) {
      if (unreadable) return unreadable;
      if (!file?.ini.byName.get(section)?.broken) return undefined;
      const problem = file.ini.problems.find((candidate) => candidate.section === section);
      return problem
        ? `${paths.nodeConf}:${problem.line}: ${problem.message}`
        : `${paths.nodeConf}: the section [${section}] is broken`;
    },
    maxParallel: Math.max(1, Number(value('max_parallel'))),
    metricsTextfile: value('metrics_textfile') as string | undefined,
    retention: {
      maxAgeMs: Number(value('history_max_age')),
      maxRuns: Number(value('history_max_runs')),
      maxBytes: Number(value('history_max_size')),
      step: retentionStep,
    },
    outbox: {
      maxMessages: Number(value('outbox_max_messages')),
      maxAgeMs: Number(value('outbox_max_age')),
    },
    statsMaxAgeMs: Number(value('stats_max_age')),
  };
}

function aliasesOf(key: string): readonly string[] {
  const keyword = nodeKeywords[key as keyof typeof nodeKeywords];
  return keyword && 'aliases' in keyword ? (keyword.aliases as readonly string[]) : [];
}
