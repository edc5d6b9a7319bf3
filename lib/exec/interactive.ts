import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { AgentError } from '../errors/agent-error.js';

/**
 * Runs a program that talks to the person at the terminal: it has our streams, our environment and
 * our process group.
 *
 * @returns its exit code; 128 plus the signal number when a signal ended it
 */
export async function runInteractive(argv: readonly string[]): Promise<number> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { stdio: 'inherit' });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 128;
  } catch (cause) {
    throw new AgentError('E_NO_COMMAND', `${program} cannot be started`, {
      exit: 'unavailable',
      remedy: 'set EDITOR to the editor you use',
      cause,
    });
  }
}
