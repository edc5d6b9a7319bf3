import type { ActionContext } from '../../driver/contract.js';

/** What must never be emptied of its users, nor removed. */
export const protectedDirectories: readonly string[] = [
  '/',
  '/bin',
  '/boot',
  '/dev',
  '/dev/pts',
  '/dev/shm',
  '/home',
  '/opt',
  '/proc',
  '/sys',
  '/tmp',
  '/usr',
  '/var',
];

/** Removes a mount point that is an empty directory and not one of the system. */
export async function removeMountPoint(path: string, context: ActionContext): Promise<void> {
  if (protectedDirectories.includes(path)) return;
  const argv = ['find', path, '-maxdepth', '0', '-type', 'd', '-empty'];
  const answer = await context.probePlace(path, argv, { timeoutMs: 5_000 });
  if (answer.state === 'silent' || answer.result.stdout === '') return;
  await context.change(['rmdir', path]);
}
