import { runMachineCommand } from '../lib/cli/machine.js';
import { processEdge } from './edge.js';

const edge = processEdge();
const machine = runMachineCommand(edge);
if (machine) {
  machine.catch(async (error: unknown) => {
    const { reportError } = await import('../lib/cli/report-error.js');
    reportError(edge, 'nodemgr', error);
  });
} else {
  import('../lib/cli/nodemgr/program.js').then(({ runNodemgr }) => runNodemgr(edge));
}
