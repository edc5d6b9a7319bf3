import { defineKeywords } from '../../config/keyword.js';
import { scheduleKeywords } from '../../task/schedule-keywords.js';

/** Keywords of everything that synchronises. */
export const syncKeywords = defineKeywords({
  ...scheduleKeywords,
  schedule: { ...scheduleKeywords.schedule, inherit: { mapped: 'sync_schedule' } },
  sync_max_delay: {
    kind: 'duration',
    default: '1500',
    unit: 'm',
    scopable: true,
    text: 'A copy that is older is outdated. A bare number counts minutes.',
  },
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
