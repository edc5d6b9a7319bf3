import { processEdge } from './edge.js';

import('../lib/cli/om.js').then(({ runOm }) => runOm(processEdge()));
