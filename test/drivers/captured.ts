/** Commands answered with captured output, for what the kernel of this machine does not have. */
import { nothingRan, type Run, type RunResult } from '../../lib/exec/run.js';

export type Answer = Partial<Pick<RunResult, 'exitCode' | 'stdout' | 'stderr'>>;

/**
 * A runner that starts nothing. A command without an answer fails the test: it is not part of what
 * the driver may do.
 */
export function capturedRun(answer: (line: string, input: string) => Answer | undefined): Run {
  return async (argv, options = {}) => {
    const given = answer(argv.join(' '), String(options.input ?? ''));
    if (!given) throw new Error(`unexpected command: ${argv.join(' ')}`);
    return { ...nothingRan, skipped: false, ...given, argv, startedAt: 0, endedAt: 0 };
  };
}
