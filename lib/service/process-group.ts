import { cpus } from 'node:os';
import type { Values } from '../config/keyword.js';
import { type Evaluator, readSection } from '../config/values.js';
import { processGroupKeywords, resourceKeywords } from '../driver/resource-keywords.js';
import { AgentError } from '../errors/agent-error.js';
import type { CappedGroup, Caps } from '../exec/caps.js';
import type { RunOptions } from '../exec/run.js';
import { serviceKeywords } from './keywords.js';

/** Where the programs of a resource run: their cgroup, and what the groups above it may use. */
export type ProcessGroup = Pick<RunOptions, 'cgroup' | 'caps'>;

/**
 * The group of a resource below those of its set and its service (spec service 3.6):
 * `ns:svc:web/app.late/app.1`. Empty with `create_pg = false`.
 *
 * @throws AgentError `E_VALUE` for a cap that cannot be read
 */
export function processGroupOf(evaluator: Evaluator, scope: string, rid: string): ProcessGroup {
  const { create_pg } = serviceKeywords;
  const { subset: subsetKeyword } = resourceKeywords;
  // Most services say nothing of either: that is seen before anything is evaluated.
  if (evaluator.find('DEFAULT', 'create_pg', create_pg)) {
    const { partial } = readSection(evaluator, 'DEFAULT', { create_pg });
    if (partial.create_pg === false) return {};
  }
  const group = rid.slice(0, rid.indexOf('#'));
  const subset = evaluator.find(rid, 'subset', subsetKeyword)
    ? readSection(evaluator, rid, { subset: subsetKeyword }).partial.subset
    : undefined;
  const service = serviceGroup(scope);
  const set = `${service}/${subset === undefined ? group : `${group}.${subset}`}`;
  const own = `${set}/${rid.replace('#', '.')}`;
  const levels: readonly [string, string][] = [
    ['DEFAULT', service],
    [`subset#${group}${subset === undefined ? '' : `:${subset}`}`, set],
    [rid, own],
  ];
  const caps = levels.flatMap(([section, name]): CappedGroup[] => {
    const found = capsOf(evaluator, section);
    return found ? [{ name, caps: found }] : [];
  });
  return { cgroup: own, ...(caps.length > 0 && { caps }) };
}

/** The group that holds everything of a service; its path is one word, so that none lies in another. */
export function serviceGroup(scope: string): string {
  return scope.replaceAll('/', ':');
}

/** Most sections cap nothing: that is seen before anything is evaluated. */
function capsOf(evaluator: Evaluator, section: string): Caps | undefined {
  const keys = evaluator.ini.byName.get(section)?.byKey.keys() ?? [];
  if (![...keys].some((key) => key.startsWith('pg_'))) return undefined;
  const { partial } = readSection(evaluator, section, processGroupKeywords);
  const found: Partial<Values<typeof processGroupKeywords>> = partial;
  const { pg_cpu_quota: quota, pg_mem_oom_control: oom } = found;
  const caps = {
    cpus: found.pg_cpus,
    mems: found.pg_mems,
    cpuShares: found.pg_cpu_shares,
    processors: quota === undefined ? undefined : processorsOf(quota, `${section}.pg_cpu_quota`),
    memory: found.pg_mem_limit,
    memoryAndSwap: found.pg_vmem_limit,
    swappiness: found.pg_mem_swappiness,
    waitsForMemory: oom === undefined ? undefined : oom === 1,
    ioWeight: found.pg_blkio_weight,
  };
  return Object.fromEntries(Object.entries(caps).filter(([, value]) => value !== undefined));
}

/** `50%`, `50%@2`, `100%@all`, or microseconds of each 100 ms. */
function processorsOf(text: string, keyword: string): number {
  const [, percent, of = '1', microseconds] =
    /^(?:(\d+)%(?:@(\d+|all))?|(\d+))$/.exec(text.trim()) ?? [];
  if (microseconds !== undefined) return Number(microseconds) / 100_000;
  if (percent !== undefined) {
    return (Number(percent) / 100) * (of === 'all' ? cpus().length : Number(of));
  }
  throw new AgentError('E_VALUE', `${keyword}: "${text}" is no share of processor time`, {
    exit: 'config',
    remedy: 'write 50%, 50%@2, 100%@all or microseconds such as 20000',
  });
}
