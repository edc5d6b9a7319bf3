import { effectiveUid } from '../env/host.js';
import { AgentError } from '../errors/agent-error.js';
import { readGroups, readUsers } from './passwd.js';

/** The uid of an account: a number is one, a name is looked up. @throws AgentError `E_NO_ACCOUNT` */
export function userIdOf(user: string): number {
  if (/^\d+$/.test(user)) return Number(user);
  const account = readUsers().find(({ name }) => name === user);
  if (!account) throw unknown('user', user);
  return account.uid;
}

/** The gid of a group, in the same way. @throws AgentError `E_NO_ACCOUNT` */
export function groupIdOf(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const found = readGroups().find(({ name }) => name === group);
  if (!found) throw unknown('group', group);
  return found.gid;
}

function unknown(what: string, name: string): AgentError {
  return new AgentError('E_NO_ACCOUNT', `there is no ${what} ${name}`, {
    exit: 'config',
    remedy: `create the ${what}, or correct the keyword`,
  });
}

/** The name of an account; its number when it has none. */
export function userNameOf(uid: number): string {
  return readUsers().find((account) => account.uid === uid)?.name ?? String(uid);
}

/** The account of this process. */
export function ownAccount(): { readonly uid: number; readonly name: string } {
  const uid = effectiveUid();
  return { uid, name: userNameOf(uid) };
}
