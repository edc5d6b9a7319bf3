/**
 * The statuses of a service, evaluated by a process of its own, for tests that bundle this file:
 * `node <bundle> <root> <service>` prints `[rid, status]` pairs and how long they took, as JSON.
 */
import { join } from 'node:path';
import { systemClock } from '../../lib/env/clock.js';
import { pathsBelow } from '../../lib/env/paths.js';
import { createRunner } from '../../lib/exec/run.js';
import { createPeers } from '../../lib/host/remote.js';
import { silentLog } from '../../lib/log/log.js';
import { gateFor } from '../../lib/service/context.js';
import { openService } from '../../lib/service/service.js';
import { statusesOf } from '../../lib/service/statuses.js';

const [root = '', name = ''] = process.argv.slice(2);
const paths = pathsBelow(root);
const run = createRunner();
const around = {
  run,
  peers: createPeers(run),
  clock: systemClock,
  paths,
  nodename: 'node1',
  answers: new Map(),
  gate: gateFor(8),
  logOf: () => silentLog,
  journalOf: () => silentLog,
};
const began = performance.now();
const service = await openService(join(paths.etc, `${name}.conf`), { paths, nodename: 'node1' });
const statuses = await statusesOf(around, service).all();
process.stdout.write(
  JSON.stringify({
    ms: performance.now() - began,
    statuses: statuses.map(({ resource, status }) => [resource.rid, status]),
  }),
);
