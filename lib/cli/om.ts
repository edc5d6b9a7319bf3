/** om: the command of the later generations, as a thin alias of nodemgr and svcmgr. */
import type { ProcessEdge } from './process-edge.js';

/**
 * `om node …` is `nodemgr …`, `om daemon …` is `nodemgr daemon …`, `om mon` is `svcmgr mon`, and
 * `om SELECTOR …` is `svcmgr -s SELECTOR …`.
 */
export async function runOm(edge: ProcessEdge): Promise<void> {
  const [first = '', ...rest] = edge.argv;
  if (first === 'node' || first === 'daemon') {
    const { runNodemgr } = await import('./nodemgr/program.js');
    return runNodemgr({ ...edge, argv: first === 'node' ? rest : edge.argv });
  }
  const { runSvcmgr } = await import('./svcmgr/program.js');
  const isAlias = first === '' || first === 'mon' || first.startsWith('-');
  return runSvcmgr({ ...edge, argv: isAlias ? edge.argv : ['-s', first, ...rest] });
}
