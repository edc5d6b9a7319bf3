import type { Surroundings } from './context.js';
import type { Freshness } from './encap/instances.js';
import type { InnerInstances } from './encap/view.js';
import type { Service } from './service.js';
import type { Statuses } from './statuses.js';

/** Most services have nothing inside of containers: nothing is loaded for those. */
export function hasInside({ resources }: Pick<Service, 'resources'>): boolean {
  return resources.some(({ inside }) => inside);
}

/** The instances inside the containers of a service; undefined for one that has none. */
export async function innerInstancesOf(
  service: Service,
  statuses: Statuses,
  around: Surroundings,
  freshness: Freshness,
): Promise<InnerInstances | undefined> {
  if (!hasInside(service)) return undefined;
  const { innerInstances } = await import('./encap/instances.js');
  return innerInstances(service, statuses, around, freshness);
}
