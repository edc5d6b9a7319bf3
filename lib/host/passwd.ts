import { type Account, type Group, parseGroup, parsePasswd } from '../exec/account.js';
import { type HostRoot, readHostFile } from './host-file.js';

export type { Account, Group } from '../exec/account.js';

/** The accounts of `/etc/passwd`, as they are written. */
export function readUsers(root: HostRoot = '/'): Account[] {
  return parsePasswd(readHostFile(root, 'etc/passwd') ?? '');
}

export function readGroups(root: HostRoot = '/'): Group[] {
  return parseGroup(readHostFile(root, 'etc/group') ?? '');
}
