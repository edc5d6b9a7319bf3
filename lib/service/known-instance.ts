import type { Note } from '../driver/contract.js';
import { holderOf } from '../lock/lock.js';
import type { Status } from '../status/values.js';
import { actionLocks } from './action-lock.js';
import { isFrozen } from './frozen.js';
import type { InstanceProvisioned, Provisioned } from './provisioned.js';

/** What is known of one resource of an instance. */
export interface ResourceDocument {
  readonly rid: string;
  readonly status: Status;
  readonly type: string;
  readonly label: string;
  readonly log: readonly Note[];
  readonly tags: readonly string[];
  readonly monitor: boolean;
  readonly disable: boolean;
  readonly optional: boolean;
  /** Optional because somebody said so: what the flag shows. */
  readonly marked: boolean;
  readonly encap: boolean;
  readonly standby: boolean;
  readonly restart: number;
  readonly subset: string | null;
  readonly provisioned: Provisioned;
}

/** What is known of the instance of a service on this node. */
export interface InstanceDocument {
  readonly scope: string;
  readonly kind: string;
  /** UTC ms. */
  readonly updatedAt: number;
  readonly app: string;
  readonly env: string | null;
  readonly topology: string;
  readonly placement: string;
  readonly frozen: boolean;
  readonly nodeFrozen: boolean;
  readonly provisioned: InstanceProvisioned;
  readonly avail: Status;
  readonly optional: Status;
  readonly overall: Status;
  readonly groups: Readonly<Record<string, Status>>;
  /** `idle`, `start failed`… */
  readonly state: string;
  readonly target: string | null;
  readonly showDisabled: boolean;
  readonly priority: number;
  /** This node is where the instance should be. */
  readonly leader: boolean;
  readonly subsets: Readonly<Record<string, { readonly parallel: boolean }>>;
  /** Rids that an action or a run is at work on. */
  readonly running: readonly string[];
  /** In the order in which they are shown. */
  readonly resources: readonly ResourceDocument[];
}

/** The last known document; undefined when there is none, or the configuration changed since. */
export function lastKnown(
  row: { document: string; stamp: string } | undefined,
  stamp: string | undefined,
): InstanceDocument | undefined {
  return row && row.stamp === stamp ? (JSON.parse(row.document) as InstanceDocument) : undefined;
}

/** What the flags of an instance are taken from, beside its own directory. */
export interface FlagSources {
  readonly nodeFrozen: boolean;
  /** By scope: instances whose last action failed. */
  readonly states: ReadonlyMap<string, { status: string; target: string | null }>;
  /** By scope: sections whose runs have not ended. */
  readonly runs: ReadonlyMap<string, readonly string[]>;
}

/** What may have changed since a document was kept without any resource being looked at. */
export function withFlags(
  document: InstanceDocument,
  place: { directory: string },
  { nodeFrozen, states, runs }: FlagSources,
): InstanceDocument {
  const state = states.get(document.scope);
  const held = actionLocks(place).flatMap((lock) => holderOf(lock)?.progress?.split(',') ?? []);
  return {
    ...document,
    frozen: isFrozen(place),
    nodeFrozen,
    state: state?.status ?? 'idle',
    target: state?.target ?? null,
    running: [...new Set([...held, ...(runs.get(document.scope) ?? [])])].sort(),
  };
}
