import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { AgentError, errnoOf } from '../errors/agent-error.js';

/** One line of passwd(5). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** One line of group(5). */
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Parses passwd(5) lines; comments, NIS lines (`+`) and broken lines are left out. */
export function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home, shell] = line.split(':');
    return isName(name) && isId(uid) && isId(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell ?? '' }]
      : [];
  });
}

/** Parses group(5) lines; comments, NIS lines and broken lines are left out. */
export function parseGroup(text: string): Group[] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    return isName(name) && isId(gid)
      ? [{ name, gid: Number(gid), members: (members ?? '').split(',').filter(Boolean) }]
      : [];
  });
}

function isName(name: string | undefined): name is string {
  return Boolean(name) && !/^[#+-]/.test(name ?? '');
}

function isId(text: string | undefined): boolean {
  return /^\d+$/.test(text ?? '');
}

/** Runs `getent` for accounts that live in a directory service; its output or undefined. */
export type Getent = (database: 'passwd' | 'group', key: string) => Promise<string | undefined>;

/** Whom a program runs as. */
export interface Impersonation {
  /** Put before the program's own argv. */
  readonly prefix: readonly string[];
  /** For spawn(2) where no tool can switch: this way drops the supplementary groups. */
  readonly uid?: number;
  readonly gid?: number;
  /** `HOME`, `LOGNAME`, `USER` and `SHELL` of the account. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Wanted {
  /** Name or number; empty is none. */
  user?: string | number | undefined;
  group?: string | number | undefined;
}

/**
 * Finds out how to run a program as another user or group. Undefined when there is nothing to do.
 *
 * @throws E_NO_USER, E_NO_GROUP for unknown names; E_NOT_PERMITTED when we are not root and another
 * account is wanted
 */
export async function impersonate(
  wanted: Wanted,
  own: { uid: number; gid: number },
  getent: Getent,
): Promise<Impersonation | undefined> {
  const user = wanted.user === '' ? undefined : wanted.user;
  const group = wanted.group === '' ? undefined : wanted.group;
  if (user === undefined && group === undefined) return undefined;
  const account = user === undefined ? undefined : await findAccount(user, getent);
  const uid = account?.uid ?? own.uid;
  const gid = group === undefined ? (account?.gid ?? own.gid) : await findGid(group, getent);
  const environment = account?.name
    ? { HOME: account.home, LOGNAME: account.name, USER: account.name, SHELL: account.shell }
    : {};
  if (uid === own.uid && gid === own.gid) return { prefix: [], environment };
  if (own.uid !== 0) {
    throw new AgentError('E_NOT_PERMITTED', `cannot run as ${user ?? ''}:${group ?? ''}`, {
      exit: 'notPermitted',
      remedy: 'run as root',
    });
  }
  const setpriv = findSetpriv();
  if (!setpriv) return { prefix: [], uid, gid, environment };
  const groups = account?.name ? '--init-groups' : account ? '--clear-groups' : '--keep-groups';
  return {
    prefix: [setpriv, `--reuid=${uid}`, `--regid=${gid}`, groups, '--'],
    environment,
  };
}

async function findAccount(user: string | number, getent: Getent): Promise<Account> {
  const uid = isId(String(user)) ? Number(user) : undefined;
  const match = (account: Account) => account.name === String(user) || account.uid === uid;
  const found =
    parsePasswd(readAccounts('/etc/passwd')).find(match) ??
    parsePasswd((await getent('passwd', String(user))) ?? '').find(match);
  if (found) return found;
  // A number needs no account; it then has no groups of its own.
  if (uid !== undefined) return { name: '', uid, gid: uid, home: '/', shell: '' };
  throw new AgentError('E_NO_USER', `user ${user} does not exist`, {
    exit: 'config',
    remedy: 'create the account or correct the user keyword',
  });
}

/** An image of a container may have no accounts at all. */
function readAccounts(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

async function findGid(group: string | number, getent: Getent): Promise<number> {
  if (isId(String(group))) return Number(group);
  const match = ({ name }: Group) => name === group;
  const found =
    parseGroup(readAccounts('/etc/group')).find(match) ??
    parseGroup((await getent('group', String(group))) ?? '').find(match);
  if (found) return found.gid;
  throw new AgentError('E_NO_GROUP', `group ${group} does not exist`, {
    exit: 'config',
    remedy: 'create the group or correct the group keyword',
  });
}

let setprivPath: string | false | undefined;

/** setpriv(1) of util-linux; the one in busybox cannot set groups. */
function findSetpriv(): string | undefined {
  if (setprivPath === undefined) {
    setprivPath = false;
    for (const path of ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv']) {
      try {
        if (basename(realpathSync(path)).startsWith('busybox')) continue;
        setprivPath = path;
        break;
      } catch {
        // not here
      }
    }
  }
  return setprivPath || undefined;
}
