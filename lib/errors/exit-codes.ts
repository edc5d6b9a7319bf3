/**
 * The one list of exit codes. `docs/exit-codes.md`, the manuals and `--help` are generated from it.
 * Values follow sysexits(3) where one fits, 124 follows timeout(1).
 */
export const exitCodes = {
  ok: { code: 0, text: 'done, or nothing to do' },
  failed: { code: 1, text: 'the action failed; the message names the object and the remedy' },
  usage: { code: 2, text: 'wrong command line' },
  unavailable: { code: 69, text: 'a service we depend on does not answer' },
  cannotCreate: { code: 73, text: 'a file or directory cannot be created' },
  io: { code: 74, text: 'reading or writing failed (disk full, read-only, closed output)' },
  tryAgain: { code: 75, text: 'another process holds the lock; try again later' },
  notPermitted: { code: 77, text: 'permission denied' },
  config: { code: 78, text: 'configuration error' },
  timeout: { code: 124, text: 'a deadline passed and the process tree was killed' },
} as const;

export type ExitName = keyof typeof exitCodes;
