import { AgentError, errnoOf } from '../errors/agent-error.js';

/** What `spawn` threw or told as an error of the child: the program never ran. */
export function startError(what: string, cause: unknown): AgentError {
  const code = errnoOf(cause);
  return new AgentError('E_START', `cannot start ${what}${code ? `: ${code}` : ''}`, {
    exit: 'unavailable',
    remedy:
      code === 'E2BIG'
        ? 'shorten its arguments and environment'
        : 'look at the limits on processes, memory and open files of this host',
    cause,
  });
}
