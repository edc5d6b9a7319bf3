/** What a selection wants to know from configurations beside its expression. */
import { type Evaluator, readSection } from '../../config/values.js';
import { AgentError } from '../../errors/agent-error.js';
import { type InstalledService, mentions } from '../installed.js';
import { serviceKeywords } from '../keywords.js';
import { isListed } from '../legacy-lists.js';
import { readServiceFile, type ServiceFileContext } from '../service-file.js';

export type ConfigOf = (service: InstalledService) => Evaluator;

/** Opens each configuration once. The function throws an AgentError for one that cannot be used. */
export function configReader(context: ServiceFileContext): ConfigOf {
  const opened = new Map<string, Evaluator>();
  return ({ file }) => {
    const known = opened.get(file);
    if (known) return known;
    const { evaluator } = readServiceFile(file, context);
    opened.set(file, evaluator);
    return evaluator;
  };
}

const defaultPriority = Number(serviceKeywords.priority.default);

/**
 * Services in the order in which an action takes them: by `priority`, then by path. A file that does
 * not hold the word is not parsed; one that cannot be used counts as if it did not.
 */
export function inPriorityOrder(
  services: readonly InstalledService[],
  configOf: ConfigOf,
): InstalledService[] {
  const priorities = new Map(services.map((one) => [one, priorityOf(one, configOf)]));
  const of = (service: InstalledService): number => priorities.get(service) ?? defaultPriority;
  return [...services].sort((a, b) => of(a) - of(b) || (a.scope < b.scope ? -1 : 1));
}

/** Whether the boot of this node starts the instance. */
export function startsAtBoot(evaluator: Evaluator): boolean {
  const { autostart_node } = serviceKeywords;
  const { partial } = readSection(evaluator, 'DEFAULT', { autostart_node });
  const nodes = (partial as { autostart_node?: readonly string[] }).autostart_node ?? [];
  return isListed(evaluator, nodes);
}

function priorityOf(service: InstalledService, configOf: ConfigOf): number {
  try {
    if (!mentions(service, 'priority')) return defaultPriority;
    const { priority } = serviceKeywords;
    const { partial } = readSection(configOf(service), 'DEFAULT', { priority });
    return (partial as { priority?: number }).priority ?? defaultPriority;
  } catch (error) {
    // Whatever is wrong with the file, its service will say so when it is its turn.
    if (error instanceof AgentError) return defaultPriority;
    throw error;
  }
}
