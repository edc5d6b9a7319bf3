import { defineKeywords, type Values } from '../config/keyword.js';
import type { ActionContext } from '../driver/contract.js';
import { groupIdOf, userIdOf } from '../host/account-ids.js';

/** Keywords of whatever has an owner and a mode. */
export const ownershipKeywords = defineKeywords({
  user: { kind: 'string', scopable: true, text: 'Owner: name or number.' },
  group: { kind: 'string', scopable: true, text: 'Group: name or number.' },
  perm: { kind: 'string', scopable: true, text: 'Mode, octal: `0750`.' },
});

type Keywords = Values<typeof ownershipKeywords>;

/** What a file has now. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

/**
 * What is not as the keywords want it, one line each.
 * @throws AgentError `E_NO_ACCOUNT`
 */
export function ownershipDifferences(kw: Keywords, found: Ownership): string[] {
  const { uid, gid, mode } = wantedOf(kw);
  return [
    uid !== undefined && found.uid !== uid ? `owner ${found.uid} instead of ${kw.user}` : undefined,
    gid !== undefined && found.gid !== gid
      ? `group ${found.gid} instead of ${kw.group}`
      : undefined,
    mode !== undefined && found.mode !== mode
      ? `mode ${found.mode.toString(8)} instead of ${mode.toString(8)}`
      : undefined,
  ].filter((text) => text !== undefined);
}

/**
 * Gives a file the owner and the mode that the keywords want, through commands: its file system may
 * hang.
 *
 * @param before what it has now; undefined: it was made just now, and goes when the action fails
 * @throws AgentError `E_NO_ACCOUNT`
 */
export async function fixOwnership(
  kw: Keywords,
  path: string,
  before: Ownership | undefined,
  context: ActionContext,
): Promise<void> {
  const wanted = wantedOf(kw);
  const uid = wanted.uid ?? before?.uid ?? 0;
  const gid = wanted.gid ?? before?.gid ?? 0;
  const isOwned = before && before.uid === uid && before.gid === gid;
  if ((wanted.uid ?? wanted.gid) !== undefined && !isOwned) {
    await context.change(['chown', `${uid}:${gid}`, path]);
    if (before) {
      context.undo(
        async () => void (await context.change(['chown', `${before.uid}:${before.gid}`, path])),
      );
    }
  }
  const { mode } = wanted;
  if (mode !== undefined && (before?.mode ?? 0o755) !== mode) {
    await context.change(['chmod', mode.toString(8), path]);
    if (before) {
      context.undo(
        async () => void (await context.change(['chmod', before.mode.toString(8), path])),
      );
    }
  }
}

/** @throws AgentError `E_NO_ACCOUNT` */
function wantedOf({ user, group, perm }: Keywords): Partial<Ownership> {
  return {
    ...(user !== undefined && { uid: userIdOf(user) }),
    ...(group !== undefined && { gid: groupIdOf(group) }),
    ...(perm !== undefined && { mode: Number.parseInt(perm, 8) }),
  };
}
