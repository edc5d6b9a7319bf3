/** fs.directory: a directory with an owner and a mode. */
import { chmodSync, chownSync, mkdirSync, rmdirSync, type Stats, statSync } from 'node:fs';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { defineDriver, type Note } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { groupIdOf, userIdOf } from '../../host/account-ids.js';

const keywords = defineKeywords({
  path: { kind: 'path', required: true, scopable: true, text: 'Full path of the directory.' },
  user: { kind: 'string', scopable: true, text: 'Owner: name or number.' },
  group: { kind: 'string', scopable: true, text: 'Group: name or number.' },
  perm: { kind: 'string', scopable: true, text: 'Mode, octal: `0750`.' },
});

type Keywords = Values<typeof keywords>;

/** What the directory should be. */
interface Wanted {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly mode: number | undefined;
}

export default defineDriver<Keywords>({
  id: 'fs.directory',
  describe: 'A directory with an owner and a mode, made when it is missing.',
  keywords,
  label: ({ path }) => `dir ${path}`,
  sortKey: ({ path }) => path,

  async status(kw) {
    const stat = statSync(kw.path, { throwIfNoEntry: false });
    if (!stat) return { status: 'down' };
    const notes = differences(kw, stat).map((text): Note => ({ level: 'warn', text }));
    return { status: notes.length > 0 ? 'warn' : 'n/a', notes };
  },

  async start(kw, context) {
    const { path } = kw;
    const wanted = wantedOf(kw);
    const before = statSync(path, { throwIfNoEntry: false });
    if (before && !before.isDirectory()) {
      throw new AgentError('E_NO_DIRECTORY', `${path} is not a directory`, {
        remedy: 'move it away, or correct `path`',
      });
    }
    if (!before) {
      const first = await context.act(`mkdir -p ${path}`, () =>
        mkdirSync(path, { recursive: true }),
      );
      if (first !== undefined) context.undo(() => removeDown(path, first));
    }
    const uid = wanted.uid ?? before?.uid ?? 0;
    const gid = wanted.gid ?? before?.gid ?? 0;
    const isOwned = before && before.uid === uid && before.gid === gid;
    if ((wanted.uid ?? wanted.gid) !== undefined && !isOwned) {
      await context.act(`chown ${uid}:${gid} ${path}`, () => chownSync(path, uid, gid));
      if (before) context.undo(() => chownSync(path, before.uid, before.gid));
    }
    const { mode } = wanted;
    if (mode !== undefined && (before?.mode ?? 0o40755) % 0o10000 !== mode) {
      await context.act(`chmod ${mode.toString(8)} ${path}`, () => chmodSync(path, mode));
      if (before) context.undo(() => chmodSync(path, before.mode % 0o10000));
    }
  },
});

/** Removes what mkdir made, from the leaf up, as far as it is empty. */
function removeDown(path: string, first: string): void {
  for (let at = path; at.length >= first.length; at = at.slice(0, at.lastIndexOf('/'))) {
    rmdirSync(at);
  }
}

function differences(kw: Keywords, stat: Stats): string[] {
  if (!stat.isDirectory()) return [`${kw.path} is not a directory`];
  const { uid, gid, mode } = wantedOf(kw);
  const found = stat.mode % 0o10000;
  return [
    uid !== undefined && stat.uid !== uid ? `owner ${stat.uid} instead of ${kw.user}` : undefined,
    gid !== undefined && stat.gid !== gid ? `group ${stat.gid} instead of ${kw.group}` : undefined,
    mode !== undefined && found !== mode
      ? `mode ${found.toString(8)} instead of ${mode.toString(8)}`
      : undefined,
  ].filter((text) => text !== undefined);
}

/** @throws AgentError `E_NO_ACCOUNT` */
function wantedOf({ user, group, perm }: Keywords): Wanted {
  return {
    uid: user === undefined ? undefined : userIdOf(user),
    gid: group === undefined ? undefined : groupIdOf(group),
    mode: perm === undefined ? undefined : Number.parseInt(perm, 8),
  };
}
