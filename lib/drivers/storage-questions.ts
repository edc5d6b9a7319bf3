import type { ReadContext } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import { type FileAnswer, type FileFacts, readFileFacts } from '../host/file-facts.js';
import { type LoopDevice, loopsOf, losetupArgv, parseLosetup } from '../host/losetup.js';
import { type Mount, readMounts } from '../host/mounts.js';
import { placeOf } from '../host/place.js';

/** What a look at a file may take when no keyword says otherwise, ms. */
const defaultLookMs = 5_000;

/** The mount table, read once per process and after each change. */
export function mountTable(context: ReadContext): Promise<readonly Mount[]> {
  return context.once('mounts', async () => readMounts());
}

/** Looks at a file, links followed; never hangs. */
export async function lookAt(
  context: ReadContext,
  path: string,
  timeoutMs = defaultLookMs,
): Promise<FileAnswer> {
  return readFileFacts(context.probePlace, await mountTable(context), path, timeoutMs);
}

/**
 * The facts of a file, undefined when it is missing.
 * @throws AgentError `E_SILENT` when its file system does not answer
 */
export async function factsOf(context: ReadContext, path: string): Promise<FileFacts | undefined> {
  const answer = await lookAt(context, path);
  if (answer.state === 'silent') throw silentError(path, answer.pid);
  return answer.state === 'exists' ? answer.facts : undefined;
}

export function silentError(path: string, pid: number | undefined): AgentError {
  return new AgentError('E_SILENT', silentText(path, pid), {
    exit: 'unavailable',
    remedy: 'bring its server or device back, or unmount it with `umount -l`',
  });
}

/** @param within a deadline, ` within 5s` */
export function silentText(path: string, pid: number | undefined, within = ''): string {
  return `${path} does not answer${within}${pid === undefined ? '' : ` (pid ${pid} hangs there)`}`;
}

/**
 * The attached loop devices, listed once per process and after each change.
 * @throws AgentError `E_SILENT` when one of their files hangs
 */
export function loopDevices(context: ReadContext): Promise<readonly LoopDevice[]> {
  return context.once('loop devices', async () => {
    const answer = await context.probePlace(losetupPlace, losetupArgv, {
      timeoutMs: defaultLookMs,
    });
    if (answer.state === 'silent') throw silentError('losetup', answer.pid);
    const { exitCode, stdout, stderr } = answer.result;
    if (exitCode === 0) return parseLosetup(stdout);
    throw new AgentError('E_COMMAND', `losetup exited with ${exitCode}: ${stderr.trim()}`);
  });
}

/** Listing looks at every file that is attached: one dead server hangs it. */
const losetupPlace = '/dev/loop-control';

/**
 * The loop devices that hold a file.
 * @throws AgentError `E_SILENT`
 */
export async function loopsHolding(context: ReadContext, path: string): Promise<LoopDevice[]> {
  const loops = await loopDevices(context);
  if (loops.length === 0) return [];
  const place = placeOf(path, await mountTable(context));
  return loopsOf(loops, place.path, await factsOf(context, path));
}
