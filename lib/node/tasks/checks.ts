/** checks: the use of space and inodes of every local file system. */
import { AgentError } from '../../errors/agent-error.js';
import { probeMounts } from '../../host/df.js';
import { askPlaces, hangingDirectory } from '../../host/hanging.js';
import { distinctMounts, isChecked, readMounts } from '../../host/mounts.js';
import { defineTask, type Results } from '../../task/contract.js';

/** One measured value of one checked thing (spec node 4.6). */
export interface CheckResult {
  type: string;
  driver: string;
  instance: string;
  /** Path of the service that owns the instance, empty when none does. */
  service: string;
  value: number;
  /** UTC ms. */
  at: number;
}

/** What one run of the checks found. */
export interface CheckReport {
  results: CheckResult[];
  /** File systems that did not answer. */
  silent: { mount: string; why: string }[];
}

const probeTimeoutMs = 5_000;

export default defineTask({
  name: 'checks',
  section: 'checks',
  describe: 'run the health checks',

  async run({ run, clock, log, paths, results }) {
    const known = silentBefore(results);
    const mounts = distinctMounts(readMounts()).filter(isChecked);
    const ask = askPlaces({ run, clock, directory: hangingDirectory(paths) });
    const probes = await probeMounts(ask, mounts, { timeoutMs: probeTimeoutMs });

    const at = clock.now();
    const report: CheckReport = { results: [], silent: [] };
    const add = (type: string, driver: string, instance: string, value: number): void => {
      report.results.push({ type, driver, instance, service: '', value, at });
    };
    for (const probe of probes) {
      const { mountPoint } = probe.mount;
      if (probe.state === 'ok') {
        const { use } = probe;
        if (use.usedPercent !== null) {
          add('fs_u', 'df', mountPoint, use.usedPercent);
          add('fs_u', 'df', `${mountPoint}.free`, use.freeKib);
          add('fs_u', 'df', `${mountPoint}.size`, use.sizeKib);
        }
        if (use.usedInodesPercent !== null) {
          add('fs_i', 'df', mountPoint, use.usedInodesPercent);
          add('fs_i', 'df', `${mountPoint}.free`, use.freeInodes);
          add('fs_i', 'df', `${mountPoint}.size`, use.inodes);
        }
        continue;
      }
      const why = probe.state === 'error' ? probe.why : 'it does not answer';
      report.silent.push({ mount: mountPoint, why });
      if (!known.has(mountPoint)) log.warn('file system not checked', { mount: mountPoint, why });
    }
    results.write('checks', report);
  },
});

/** What was said before is not said again. A result that cannot be used is written anew. */
function silentBefore(results: Results): ReadonlySet<string> {
  let before: Partial<CheckReport> | null | undefined;
  try {
    before = results.read('checks') as typeof before;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
  }
  return new Set(before?.silent?.map(({ mount }) => mount));
}
