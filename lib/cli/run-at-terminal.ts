import { runInteractive } from '../exec/interactive.js';
import type { App } from './app.js';

/**
 * Runs a program in our place: it has our streams, and decides what an interrupt means.
 *
 * @param remedy what to do when it cannot be started
 * @returns its exit code
 */
export async function runAtTerminal(
  app: App,
  argv: readonly string[],
  remedy: string,
): Promise<number> {
  const interrupt = app.edge.interruption();
  try {
    return await runInteractive(argv, remedy);
  } finally {
    interrupt.stop();
  }
}
