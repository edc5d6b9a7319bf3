import { isMissingCommand, type Run } from '../exec/run.js';
import { familyOf } from '../units/netmask.js';

/**
 * Whether an address answers within so many seconds. Undefined when there is no ping(8), or it may
 * not send.
 */
export async function answersPing(
  run: Run,
  address: string,
  seconds: number,
): Promise<boolean | undefined> {
  try {
    const argv = pingArgv(address, seconds);
    const { exitCode } = await run(argv, { timeoutMs: seconds * 1000 + 5000 });
    // 1: no answer. 2: no network to send to, so nobody can answer either.
    return exitCode === null || exitCode > 2 ? undefined : exitCode === 0;
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}

export function pingArgv(address: string, seconds: number): string[] {
  const family = familyOf(address) === 'inet6' ? ['-6'] : [];
  return ['ping', ...family, '-c', '1', '-W', String(seconds), '-w', String(seconds), address];
}
