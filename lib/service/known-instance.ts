import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Note } from '../driver/contract.js';
import { bootId } from '../env/host.js';
import { errnoOf } from '../errors/agent-error.js';
import { holderOf, holderSuffix } from '../lock/lock.js';
import type { Status } from '../status/values.js';
import { actionLocks } from './action-lock.js';
import { frozenName } from './frozen.js';
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

/** What is known of the instance inside a container. */
export interface InnerDocument {
  readonly hostname: string;
  /** UTC ms; null when nothing is known. */
  readonly updatedAt: number | null;
  readonly avail: Status;
  readonly optional: Status;
  readonly overall: Status;
  readonly frozen: boolean;
  readonly provisioned: InstanceProvisioned;
  readonly groups: Readonly<Record<string, Status>>;
  /** In the order in which they are shown. */
  readonly resources: readonly ResourceDocument[];
  /** Why nothing is known of it, for the container that it is in. */
  readonly trouble?: Note;
}

/** What is known of the instance of a service on this node. */
export interface InstanceDocument {
  readonly scope: string;
  readonly kind: string;
  /** UTC ms. */
  readonly updatedAt: number;
  /** The boot of the node in which this was seen. */
  readonly boot: string;
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
  /** By rid of the container; services without encap resources have none. */
  readonly inner?: Readonly<Record<string, InnerDocument>>;
}

/**
 * The last known document; undefined when there is none, or the configuration was changed or the node
 * booted since.
 */
export function lastKnown(
  row: { document: string; stamp: string } | undefined,
  stamp: string | undefined,
): InstanceDocument | undefined {
  if (!row || row.stamp !== stamp) return undefined;
  const document = JSON.parse(row.document) as InstanceDocument;
  return document.boot === bootId() ? document : undefined;
}

/** What the flags of an instance are taken from, beside its own directory. */
export interface FlagSources {
  readonly nodeFrozen: boolean;
  /** By scope: instances whose last action failed. */
  readonly states: ReadonlyMap<string, { status: string; target: string | null }>;
  /** By scope: sections whose runs have not ended. */
  readonly runs: ReadonlyMap<string, readonly string[]>;
  /** What lies in the directory of a service. */
  readonly namesIn: (directory: string) => readonly string[];
}

/**
 * Lists the directories of services: one listing costs a third of looking for each flag, and a
 * service without a directory is known from the one above.
 */
export function directoryLister(): FlagSources['namesIn'] {
  const parents = new Map<string, ReadonlySet<string>>();
  return (directory) => {
    const parent = dirname(directory);
    let present = parents.get(parent);
    if (!present) {
      present = new Set(listOr(parent));
      parents.set(parent, present);
    }
    return present.has(basename(directory)) ? listOr(directory) : [];
  };
}

function listOr(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

const nobody: readonly string[] = [];

/** Rids that the holders of locks tell, and sections of open runs. */
function atWork(
  place: { directory: string },
  names: readonly string[],
  open: readonly string[] = nobody,
): readonly string[] {
  if (names.length + open.length === 0) return nobody;
  const held = actionLocks(place)
    .filter((lock) => names.includes(`${basename(lock)}${holderSuffix}`))
    .flatMap((lock) => holderOf(lock)?.progress?.split(',') ?? []);
  return [...new Set([...held, ...open])].sort();
}

/** What may have changed since a document was kept without any resource being looked at. */
export function withFlags(
  document: InstanceDocument,
  place: { directory: string },
  { nodeFrozen, states, runs, namesIn }: FlagSources,
): InstanceDocument {
  const state = states.get(document.scope);
  const names = namesIn(place.directory);
  return {
    ...document,
    frozen: names.includes(frozenName),
    nodeFrozen,
    state: state?.status ?? 'idle',
    target: state?.target ?? null,
    running: atWork(place, names, runs.get(document.scope)),
  };
}
