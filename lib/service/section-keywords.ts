import type { KeywordTable } from '../config/keyword.js';
import type { Evaluator } from '../config/values.js';
import { everyResourceKeyword } from '../driver/resource-keywords.js';
import { headKeywords, subsetKeywords } from './keywords.js';
import { loadDriver } from './load-driver.js';
import { driverIdOf, isSubsetName, parseSectionName } from './sections.js';

/**
 * The keywords that a section of a service file may hold; of a resource those of its driver too.
 * Undefined for sections with free keywords and for those that nothing knows.
 */
export async function sectionKeywords(
  evaluator: Evaluator,
  section: string,
): Promise<KeywordTable | undefined> {
  if (section === 'DEFAULT') return headKeywords;
  if (isSubsetName(section)) return subsetKeywords;
  if (!parseSectionName(section)) return undefined;
  const driver = await loadDriver(driverIdOf(evaluator, section));
  return { ...everyResourceKeyword, ...(driver?.keywords ?? timeouts) };
}

/** What can be told of resources that nothing here drives: their time limits (spec service 3.2). */
const timeouts: KeywordTable = Object.fromEntries(
  ['timeout', 'start_timeout', 'stop_timeout', 'check_timeout', 'info_timeout'].map((name) => [
    name,
    { kind: 'duration', scopable: true, text: 'Longest time of an action.' },
  ]),
);
