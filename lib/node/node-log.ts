import { secretValues } from '../config/secrets.js';
import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import { createLog, type FileLog } from '../log/create-log.js';
import { nodeSections } from './keywords.js';
import type { NodeSettings } from './settings.js';
import { syslogOf } from './syslog.js';

/** The log of the node itself, `node.log`; what node.conf keeps secret never appears in it. */
export function createNodeLog(
  { paths, nodename, clock }: { paths: Paths; nodename: string; clock: Pick<Clock, 'now'> },
  settings: Pick<NodeSettings, 'file'>,
  syslog = syslogOf(settings),
): FileLog {
  return createLog({
    file: `${paths.log}/node.log`,
    node: nodename,
    now: clock.now,
    syslog,
    secrets: new Set(
      settings.file ? secretValues(settings.file.ini, (section) => nodeSections[section]) : [],
    ),
  });
}
