import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { AgentError } from '../errors/agent-error.js';

/**
 * Runs a program that talks to the person at the terminal: it has our streams, our environment and
 * our process group.
 *
 * @param remedy what to do when it cannot be started
 * @returns its exit code; 128 plus the signal number when a signal ended it
 */
export async function runInteractive(argv: readonly string[], remedy: string): Promise<number> {
  const [program = '', ...rest] = argv;
  const { execa } = await import('execa');
  const { exitCode, signal, cause } = await execa(program, rest, {
    stdio: 'inherit',
    reject: false,
  });
  if (exitCode !== undefined) return exitCode;
  if (signal !== undefined) return 128 + (constants.signals[signal] ?? 0);
  throw new AgentError('E_NO_COMMAND', `${program} cannot be started`, {
    exit: 'unavailable',
    remedy,
    cause,
  });
}

/**
 * Shows a text at the terminal through less(1), which ends at once when the text fits on the screen.
 *
 * @returns false when there is no less: the text is still to be shown
 */
export async function runPager(text: string): Promise<boolean> {
  const { execa } = await import('execa');
  const { exitCode, signal } = await execa('less', ['-R', '-F', '-X'], {
    input: text,
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  });
  return exitCode !== undefined || signal !== undefined;
}

/** Whether a person types what we read. */
export function hasTerminal(): boolean {
  return isatty(0);
}
