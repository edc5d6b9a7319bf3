/**
 * Which resources failed: they were up, nobody stopped them, and now they are down. Whoever looks
 * first keeps that for the resource monitor, because the next look finds nothing changed.
 */
import { isUp, type Status } from '../status/values.js';
import type { InstanceRow, instanceTable } from '../store/instances.js';
import type { InstanceDocument, ResourceDocument } from './known-instance.js';

/** Not up, as far as that can be told. */
export function isDown(status: Status): boolean {
  return !['up', 'stdby up', 'n/a', 'undef'].includes(status);
}

/**
 * Belongs into the transaction that replaces a document of an instance.
 *
 * @param before the document that is replaced. One of another boot says nothing of now: since then the
 *   service may have been started on another node
 * @param stopped what an action has just taken down: it is meant to be
 */
export function noteLost(
  table: ReturnType<typeof instanceTable>,
  before: Pick<InstanceRow, 'document'> | undefined,
  { scope, boot, resources, updatedAt }: InstanceDocument,
  stopped: ReadonlySet<string>,
): void {
  const down = resources.filter((one) => isWatched(one) && isDown(one.status));
  if (down.length === 0) return;
  for (const { rid } of down) if (stopped.has(rid)) table.clearTry(scope, rid);
  if (!before) return;
  const known = JSON.parse(before.document) as Pick<InstanceDocument, 'boot' | 'resources'>;
  if (known.boot !== boot) {
    for (const { rid } of down) table.clearTry(scope, rid);
    return;
  }
  const wasUp = new Set(known.resources.filter(({ status }) => isUp(status)).map(({ rid }) => rid));
  const lost = down.filter(({ rid }) => wasUp.has(rid) && !stopped.has(rid));
  for (const { rid } of lost) table.setLost(scope, rid, updatedAt);
}

function isWatched({ monitor, restart, disable }: ResourceDocument): boolean {
  return (monitor || restart > 0) && !disable;
}
