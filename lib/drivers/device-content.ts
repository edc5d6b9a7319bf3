import type { ReadContext } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';

/**
 * Refuses a device on which anybody recognises anything. The programs that make file systems and
 * volumes are told to overwrite: what is there is kept from them here (blkid(8)).
 *
 * @param except types that may be there
 * @throws AgentError `E_NOT_EMPTY`
 */
export async function refuseContent(
  device: string,
  context: ReadContext,
  except: readonly string[] = [],
): Promise<void> {
  const { exitCode, stdout, stderr } = await context.probe(['blkid', '-p', '-o', 'export', device]);
  if (exitCode === 2) return; // nothing that anybody knows
  const what = /^(?:TYPE|PTTYPE)=(.*)$/m.exec(stdout)?.[1];
  if (what !== undefined && except.includes(what)) return;
  const found = what ?? (stderr.trim() || 'something unknown');
  throw new AgentError('E_NOT_EMPTY', `${device} is not empty: ${found}`, {
    remedy: `correct the configuration, or empty the device with \`wipefs -a ${device}\``,
  });
}
