import { isMissingCommand, type Run } from '../exec/run.js';

/**
 * Programs called arping: that of iputils (and the one of busybox, with the same options), and that
 * of Thomas Habets. A host has one of them at most.
 */
export type Arping = 'iputils' | 'habets';

/** Which one is installed; undefined: none. */
export async function findArping(run: Run): Promise<Arping | undefined> {
  try {
    const { stdout, stderr } = await run(['arping', '-V'], { timeoutMs: 5000 });
    return arpingOf(`${stdout}\n${stderr}`);
  } catch (error) {
    if (isMissingCommand(error)) return undefined;
    throw error;
  }
}

/** @param text what `arping -V` prints: a version, or how it is used */
export function arpingOf(text: string): Arping | undefined {
  if (/iputils|busybox/i.test(text)) return 'iputils';
  return /^usage: arping|ARPing|requires an argument/m.test(text) ? 'habets' : undefined;
}

/**
 * Tells the neighbours of a device who has an ipv4 address now.
 * @param form some systems believe requests only, others replies only
 */
export function announceArgv(
  arping: Arping,
  device: string,
  address: string,
  form: 'request' | 'reply',
): string[] {
  if (arping === 'iputils') {
    return form === 'request'
      ? ['arping', '-U', '-c', '1', '-I', device, '-s', address, address]
      : ['arping', '-c', '1', '-A', '-I', device, address];
  }
  const options = form === 'request' ? ['-U'] : ['-U', '-P'];
  return ['arping', ...options, '-c', '1', '-i', device, '-S', address, address];
}

/** Exit codes of an announcement that was sent: nobody has to answer it. */
export const announceCodes: Readonly<Record<Arping, readonly number[]>> = {
  iputils: [0],
  habets: [0, 1],
};

/**
 * Asks whether another host has an ipv4 address, from no address at all (RFC 5227), two seconds long.
 * @returns its hardware address, in lower case; undefined when nobody answers
 */
export async function findHolder(
  run: Run,
  arping: Arping,
  device: string,
  address: string,
): Promise<string | undefined> {
  const argv =
    arping === 'iputils'
      ? ['arping', '-D', '-c', '2', '-w', '2', '-I', device, address]
      : ['arping', '-0', '-c', '2', '-w', '2', '-i', device, address];
  const { stdout } = await run(argv, { timeoutMs: 10_000 });
  return parseHolder(stdout);
}

/** @param text output of an arping that got an answer: `[A6:FB:6D:B6:61:44]`, `from a6:fb:…` */
export function parseHolder(text: string): string | undefined {
  return /(?:reply from .*\[|bytes from )((?:[0-9a-f]{2}:){5}[0-9a-f]{2})/i
    .exec(text)?.[1]
    ?.toLowerCase();
}
