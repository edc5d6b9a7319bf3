import type { ResourceFilter } from './filter.js';

/** What `--master`, `--slaves` and `--slave` say. */
export interface LevelFilter extends ResourceFilter {
  /** This node. */
  readonly master?: boolean | undefined;
  /** The agents inside all containers. */
  readonly slaves?: boolean | undefined;
  /** Those inside some: rids, host names or names, separated by commas. */
  readonly slave?: string | undefined;
}

/** Whether levels are chosen at all. */
export function namesLevels({ master, slaves, slave }: LevelFilter): boolean {
  return master === true || slaves === true || slave !== undefined;
}
