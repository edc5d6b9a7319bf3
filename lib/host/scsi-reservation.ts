import { AgentError } from '../errors/agent-error.js';
import type { Run } from '../exec/run.js';

/** The SCSI disks that a device stands on, every path of them, from lsblk(8). */
export async function scsiDisks(run: Run, device: string): Promise<string[]> {
  const { exitCode, stdout } = await run(
    ['lsblk', '-s', '-n', '-r', '-p', '-o', 'NAME,TYPE,SUBSYSTEMS', device],
    { timeoutMs: 10_000 },
  );
  return exitCode === 0 ? parseScsiDisks(stdout) : [];
}

/** @param text lines `<path> <type> <subsystems>`, what is below comes after what is above */
export function parseScsiDisks(text: string): string[] {
  const disks = text.split('\n').flatMap((line) => {
    const [path = '', type, subsystems = ''] = line.trim().split(/\s+/);
    return type === 'disk' && subsystems.split(':').includes('scsi') ? [path] : [];
  });
  return [...new Set(disks)];
}

/**
 * The key that holds the reservation of a disk, from sg_persist(8): `0x…` in lower case, undefined
 * when nobody holds it.
 *
 * @throws AgentError `E_OUTPUT` when the disk does not say
 */
export async function reservationHolder(run: Run, disk: string): Promise<string | undefined> {
  const argv = ['sg_persist', '-n', '-r', disk];
  const ask = () => run(argv, { timeoutMs: 20_000 });
  let { exitCode, stdout, stderr } = await ask();
  // The first command after a reset or a preemption is told of it, and not answered.
  if (exitCode === unitAttention) ({ exitCode, stdout, stderr } = await ask());
  if (exitCode === 0) return parseHolder(stdout);
  const says = stderr.trim().split('\n').at(-1) ?? '';
  throw new AgentError('E_OUTPUT', `${disk} does not tell its reservation: ${says || exitCode}`, {
    exit: 'unavailable',
    remedy: `run it by hand: ${argv.join(' ')}`,
  });
}

/** Exit code of the sg3 utilities. */
const unitAttention = 6;

/** @param text output of `sg_persist -n -r` */
export function parseHolder(text: string): string | undefined {
  return /^\s*Key=(0x[0-9a-f]+)\s*$/im.exec(text)?.[1]?.toLowerCase();
}

/** `0x` and up to sixteen digits; leading zeros mean nothing. */
export function parseReservationKey(text: string): string | undefined {
  const digits = /^0x0*([0-9a-f]{1,16})$/i.exec(text.trim())?.[1];
  return digits === undefined ? undefined : `0x${digits.toLowerCase()}`;
}
