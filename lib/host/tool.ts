import { isMissingCommand, type Run, type RunOptions } from '../exec/run.js';

/**
 * Runs a tool for its output. Undefined when it is not installed, fails, or does not answer in time:
 * for an inventory all three mean "not available".
 */
export async function readTool(
  run: Run,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<string | undefined> {
  try {
    const result = await run(argv, {
      timeoutMs: 60_000,
      graceMs: 1000,
      maxOutputBytes: 64 << 20,
      ...options,
    });
    return result.exitCode === 0 && result.droppedBytes === 0 ? result.stdout : undefined;
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}
