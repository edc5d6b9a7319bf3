import type { ActionContext } from '../../driver/contract.js';
import { pipeArgv, showPipe } from '../../exec/pipe.js';

/**
 * Gives what one program prints to another one, usually on another node. Takes as long as it takes.
 * @throws CommandError when one of them fails
 */
export async function pipe(
  from: readonly string[],
  to: readonly string[],
  context: ActionContext,
): Promise<void> {
  await context.change(pipeArgv(from, to), {
    announce: showPipe(from, to),
    timeoutMs: 0,
    quietErrors: true,
  });
}
