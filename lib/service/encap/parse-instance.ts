import type { Note } from '../../driver/contract.js';
import { groupsInOrder, isAccessory } from '../../status/aggregate.js';
import { parseStatus, type Status } from '../../status/values.js';
import type { InnerDocument, ResourceDocument } from '../known-instance.js';

type Data = Readonly<Record<string, unknown>>;

/**
 * Reads what `svcmgr print status --format json` says inside a container, also of an older agent,
 * which leaves out what is false.
 *
 * @returns undefined for a text that is nothing of the kind
 */
export function parseInnerInstance(text: string, hostname: string): InnerDocument | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isData(data) || !isData(data['resources'])) return undefined;
  const groups = isData(data['status_group']) ? data['status_group'] : data;
  const { provisioned } = data;
  return {
    hostname,
    updatedAt: typeof data['mtime'] === 'number' ? Math.round(data['mtime'] * 1000) : null,
    avail: statusOf(data['avail']),
    optional: statusOf(data['optional'], 'n/a'),
    overall: statusOf(data['overall']),
    frozen: data['frozen'] === true,
    provisioned: provisioned === 'mixed' ? 'mixed' : provisioned !== false,
    groups: Object.fromEntries(
      groupsInOrder.map((group): [string, Status] => [group, statusOf(groups[group], 'n/a')]),
    ),
    resources: inShownOrder(
      Object.entries(data['resources']).flatMap(([rid, resource]) =>
        isData(resource) ? [resourceOf(rid, resource)] : [],
      ),
    ),
  };
}

function resourceOf(rid: string, data: Data): ResourceDocument {
  const { provisioned, subset, restart } = data;
  const type = textOf(data['type'], rid.slice(0, rid.indexOf('#')));
  const optional = data['optional'] === true;
  return {
    ...{ rid, type, optional },
    status: statusOf(data['status']),
    label: textOf(data['label'], ''),
    log: notesOf(data['log']),
    tags: Array.isArray(data['tags']) ? data['tags'].map(String) : [],
    monitor: data['monitor'] === true,
    disable: data['disable'] === true,
    // It does not tell who said so: what is optional by its group is not marked.
    marked: optional && !isAccessory(groupOf(rid)),
    encap: true,
    standby: data['standby'] === true,
    restart: typeof restart === 'number' ? restart : 0,
    subset: typeof subset === 'string' ? subset : null,
    provisioned: {
      state:
        isData(provisioned) && typeof provisioned['state'] === 'boolean'
          ? provisioned['state']
          : null,
      mtime:
        isData(provisioned) && typeof provisioned['mtime'] === 'number'
          ? provisioned['mtime']
          : null,
    },
  };
}

/** By group, then by rid: JSON keeps no order. */
function inShownOrder(resources: ResourceDocument[]): ResourceDocument[] {
  const placeOf = ({ rid }: ResourceDocument): number =>
    (groupsInOrder as readonly string[]).indexOf(groupOf(rid));
  return resources.sort((a, b) => placeOf(a) - placeOf(b) || (a.rid < b.rid ? -1 : 1));
}

/** Lines `warn: text`, as a list or as one text. */
function notesOf(log: unknown): Note[] {
  const lines = Array.isArray(log) ? log.map(String) : textOf(log, '').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line): Note => {
      const [, level, text] = /^(info|warn|error): (.*)$/s.exec(line) ?? [];
      return level
        ? { level: level as Note['level'], text: text ?? '' }
        : { level: 'info', text: line };
    });
}

function groupOf(rid: string): string {
  return rid.slice(0, rid.indexOf('#'));
}

function statusOf(value: unknown, otherwise: Status = 'undef'): Status {
  return (typeof value === 'string' ? parseStatus(value) : undefined) ?? otherwise;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
