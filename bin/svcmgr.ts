import { processEdge } from './edge.js';

import('../lib/cli/svcmgr/program.js').then(({ runSvcmgr }) =>
  runSvcmgr(processEdge(), process.argv[1]),
);
