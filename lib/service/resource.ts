import type { Finding } from '../config/finding.js';
import type { Values } from '../config/keyword.js';
import { type Evaluator, readSection } from '../config/values.js';
import type { KeywordValues, ServiceFacts } from '../driver/contract.js';
import { resourceKeywords } from '../driver/resource-keywords.js';
import { isAccessory } from '../status/aggregate.js';
import { isDisabledBy, isListed, legacyLists } from './legacy-lists.js';
import { type LoadedDriver, loadDriver } from './load-driver.js';
import { driverIdOf, parseSectionName } from './sections.js';

/** One configured item of a service, ready to be asked and acted on. */
export interface Resource {
  /** `fs#1`. */
  readonly rid: string;
  readonly group: string;
  /** `fs.ext4`. */
  readonly driverId: string;
  /** Undefined when nothing here drives such resources. */
  readonly driver: LoadedDriver | undefined;
  /** Converted keywords of the driver; undefined when the section cannot be used. */
  readonly values: KeywordValues | undefined;
  /** Why the section cannot be used, or what is odd about it. */
  readonly findings: readonly Finding[];
  readonly label: string;
  /** The resource that it lives in: it acts right beside that one. */
  readonly follows: string | undefined;
  /** `fs`, or `fs:subset`: what acts together. */
  readonly set: string;
  readonly tags: readonly string[];
  readonly disabled: boolean;
  /** Errors of its actions are logged and ignored. */
  readonly optional: boolean;
  /** Set by keyword or tag: the flag of `print status` leaves out what is optional by its group. */
  readonly markedOptional: boolean;
  readonly monitored: boolean;
  /** Tries of the resource monitor. */
  readonly restart: number;
  readonly restartDelayMs: number;
  readonly standby: boolean;
  readonly encap: boolean;
  /** The agent inside a container drives it, not we. */
  readonly inside: boolean;
  readonly shared: boolean;
  readonly provision: boolean;
  readonly unprovision: boolean;
  readonly subset: string | undefined;
}

type Common = Partial<Values<typeof resourceKeywords>>;

/**
 * Builds one resource from its section. A section that cannot be used is a resource all the same:
 * its values are missing and its findings say why.
 */
export async function buildResource(
  evaluator: Evaluator,
  rid: string,
  service: ServiceFacts,
  options: { disabledByService: boolean; isEncapNode: boolean; provisioning?: boolean },
): Promise<Resource> {
  const group = parseSectionName(rid)?.group ?? rid;
  const driverId = driverIdOf(evaluator, rid);
  const driver = await loadDriver(driverId);
  const { partial, findings: commonFindings } = readSection(evaluator, rid, resourceKeywords);
  const common: Common = partial;
  const own = driver ? readSection(evaluator, rid, driver.keywords) : undefined;
  const values = own?.values as KeywordValues | undefined;
  const tags = common.tags ?? [];
  const legacy = legacyLists(evaluator, rid);
  const isMember = (words: readonly string[]): boolean => isListed(evaluator, words);
  const encap = common.encap === true || tags.includes('encap');
  const marked = common.optional ?? (isMember(legacy('optional_on')) || tags.includes('noaction'));
  return {
    rid,
    group,
    driverId,
    driver,
    values,
    findings: [...commonFindings, ...(own?.findings ?? [])],
    label: driver && values ? driver.label(values as never, { rid, service }) : driverId,
    follows: driver && values ? driver.follows?.(values as never) : undefined,
    set: common.subset === undefined ? group : `${group}:${common.subset}`,
    subset: common.subset,
    tags,
    disabled: options.disabledByService || isDisabledBy(common.disable ?? false, evaluator, rid),
    optional: common.optional ?? (marked || isAccessory(group)),
    markedOptional: marked,
    monitored: common.monitor === true || isMember(legacy('monitor_on')),
    standby: common.standby ?? isMember(common.always_on ?? []),
    restart: common.restart ?? 0,
    restartDelayMs: common.restart_delay ?? 0,
    encap,
    inside: encap && !options.isEncapNode,
    shared: common.shared ?? false,
    provision: common.provision ?? true,
    unprovision: common.unprovision ?? true,
  };
}
