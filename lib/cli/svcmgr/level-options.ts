/** Whether an action is for this node, for the agents inside containers, or for both. */
import type { LevelFilter } from '../../service/level-filter.js';
import type { Args, OptionTable } from '../command.js';

export const levelOptions = {
  master: {
    type: 'boolean',
    default: false,
    describe: 'this node, without what is inside its containers',
  },
  slaves: { type: 'boolean', default: false, describe: 'what is inside all containers' },
  slave: {
    type: 'string',
    value: 'NAME,...',
    describe: 'what is inside these containers: rids, host names or names',
  },
} as const satisfies OptionTable;

export function levelsIn({
  master,
  slaves,
  slave,
}: Args<typeof levelOptions>): Pick<LevelFilter, 'master' | 'slaves' | 'slave'> {
  return { master, slaves, slave };
}
