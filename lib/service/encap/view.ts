import type { Note } from '../../driver/contract.js';
import { type MixedStatus, merge, settle } from '../../status/values.js';
import type { InnerDocument, ResourceDocument } from '../known-instance.js';

export type InnerInstances = Readonly<Record<string, InnerDocument>>;

/** A resource that lives inside as the containers have it: one that several have has all their states. */
export function seenInside(own: ResourceDocument, inner: InnerInstances): ResourceDocument {
  const [first, ...others] = Object.values(inner).flatMap(({ resources }) =>
    resources.filter(({ rid }) => rid === own.rid),
  );
  if (!first) return own;
  const status = others.reduce<MixedStatus>((sum, one) => merge(sum, one.status), first.status);
  const { label, provisioned } = first;
  const log = [first, ...others].flatMap((one) => one.log);
  return { ...own, label: label || own.label, provisioned, log, status: settle(status) };
}

/** What a container has to say of what is inside. */
export function troubleOf(rid: string, inner: InnerInstances): readonly Note[] {
  const trouble = inner[rid]?.trouble;
  return trouble ? [trouble] : [];
}
