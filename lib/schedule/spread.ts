/** The draw that spreads the nodes over a window: in its own file, because it loads node:crypto. */
import { createHash } from 'node:crypto';
import type { Draw } from './context.js';

/**
 * The draw of one task: the same at every pass, different on every node and every day. `scope` is
 * `node` or the service name.
 */
export function spreadDraw(nodename: string, scope: string, action: string, section: string): Draw {
  const task = `${nodename}|${scope}|${action}|${section}`;
  return (openingDate) => {
    const digest = createHash('sha256').update(`${task}|${openingDate}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}
