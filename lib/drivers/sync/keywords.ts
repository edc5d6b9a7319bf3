import { defineKeywords, type Keyword, type Values } from '../../config/keyword.js';
import { scheduleKeywords } from '../../task/schedule-keywords.js';
import { targetWords } from './gates.js';

/** When, and how old what it makes may be. */
export const delayKeywords = defineKeywords({
  ...scheduleKeywords,
  schedule: { ...scheduleKeywords.schedule, inherit: { mapped: 'sync_schedule' } },
  sync_max_delay: {
    kind: 'duration',
    default: '1500',
    unit: 'm',
    scopable: true,
    text: 'A copy that is older is outdated. A bare number counts minutes.',
  },
});

/** Keywords of copies with rsync. */
export const syncKeywords = defineKeywords({
  ...delayKeywords,
  options: {
    kind: 'shlex',
    scopable: true,
    aliases: ['exclude'],
    text: 'More words for rsync(1).',
  },
  bwlimit: {
    kind: 'speed_kps',
    scopable: true,
    text: 'Most bandwidth. A bare number counts KB/s.',
  },
});

export const targetKeyword = {
  kind: 'list',
  required: true,
  scopable: true,
  candidates: targetWords,
  text: 'Who gets it: `nodes`, `drpnodes` or both.',
} as const satisfies Keyword;

/** Keywords of copies on other nodes. */
export const copyKeywords = defineKeywords({ ...delayKeywords, target: targetKeyword });

export type CopyKeywords = Values<typeof copyKeywords>;

/** Keywords of snapshots that stay on this node. */
export const seriesKeywords = defineKeywords({
  ...delayKeywords,
  name: {
    kind: 'string',
    scopable: true,
    text: 'A word in the names of the snapshots, where several resources take them of one thing.',
  },
  keep: {
    kind: 'integer',
    default: '3',
    scopable: true,
    text: 'So many of the newest are kept; at least one.',
  },
});
