/** collect_stats: raw counters of the kernel, from which rates are computed when they are read. */
import { bootId } from '../../env/host.js';
import { readDiskstats } from '../../host/diskstats.js';
import { readLoadavg } from '../../host/loadavg.js';
import { readMeminfo } from '../../host/meminfo.js';
import { readNetDev } from '../../host/net-dev.js';
import { readProcStat } from '../../host/proc-stat.js';
import { defineTask } from '../../task/contract.js';
import { isCountedDisk, isCountedLink, pickMemory } from '../stats.js';

export default defineTask({
  name: 'collect_stats',
  section: 'stats_collection',
  describe: 'sample the counters of the kernel',

  async run({ clock, samples }) {
    const at = clock.now();
    const boot = bootId();
    const add = (topic: string, data: unknown): void => samples.add(at, topic, data, boot);
    add('cpu', readProcStat().cpus);
    add('mem', pickMemory(readMeminfo()));
    add('load', readLoadavg());
    add(
      'disk',
      readDiskstats().filter(({ device }) => isCountedDisk(device)),
    );
    add(
      'net',
      readNetDev().filter(({ device }) => isCountedLink(device)),
    );
    samples.trim();
  },
});
