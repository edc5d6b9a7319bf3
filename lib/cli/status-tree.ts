import type { Role, Style } from '../render/style.js';
import { renderTree, type TreeCell, type TreeNode } from '../render/tree.js';
import type { InstanceDocument, ResourceDocument } from '../service/known-instance.js';
import { isAccessory } from '../status/aggregate.js';
import { statusRoles } from './status-role.js';

export interface TreeOptions {
  /** Eight flags in place of four. */
  readonly verbose: boolean;
  /** Default: as the service says. */
  readonly showDisabled?: boolean | undefined;
  /** Notes are wrapped at this width. */
  readonly width?: number | undefined;
  readonly style: Style;
}

const noteRoles: Readonly<Record<string, Role>> = { info: 'info', warn: 'warn', error: 'bad' };

/** The instance as people read it (spec service 5.1): flags at column 21, status at 26, text at 37. */
export function statusTree(instance: InstanceDocument, options: TreeOptions): string {
  const showDisabled = options.showDisabled ?? instance.showDisabled;
  const { inner } = instance;
  const isShown = ({ disable }: ResourceDocument): boolean => showDisabled || !disable;
  const nodeOf = (resource: ResourceDocument): TreeNode => ({
    cells: [
      resource.rid,
      options.verbose ? eightFlags(resource, instance.running) : fourFlags(resource),
      statusCell(resource.status),
      inner?.[resource.rid]?.frozen ? `${resource.label}, frozen` : resource.label,
    ],
    notes: resource.log.length === 0 ? nothing : resource.log.map(noteCell),
    ...(inner?.[resource.rid] && {
      children: inner[resource.rid]?.resources.filter(isShown).map(nodeOf) ?? nothing,
    }),
  });
  const avail: TreeNode[] = [];
  const accessory: TreeNode[] = [];
  for (const resource of instance.resources) {
    if (!isShown(resource) || isBelow(resource, inner)) continue;
    (isAccessory(groupOfType(resource.type)) ? accessory : avail).push(nodeOf(resource));
  }
  const head = options.style.bold(instance.scope);
  const tree = renderTree(
    [
      {
        cells: ['overall', '', statusCell(instance.overall), noticesOf(instance)],
        children: [
          {
            cells: ['avail', '', statusCell(instance.avail), ''],
            children: avail,
          },
          ...(accessory.length > 0 ? [{ cells: ['accessory'], children: accessory }] : nothing),
        ],
      },
    ],
    {
      nameWidth: 20,
      columns: [{ width: options.verbose ? 8 : 4, align: 'right' }, { width: 10 }, { width: 0 }],
      ...(options.width !== undefined && { width: options.width }),
      style: options.style,
    },
  );
  return `${head}\n${tree}`;
}

/** What a container has is shown below it. */
function isBelow({ rid, encap }: ResourceDocument, inner: InstanceDocument['inner']): boolean {
  if (!encap || inner === undefined) return false;
  return Object.values(inner).some(({ resources }) => resources.some((one) => one.rid === rid));
}

const nothing: readonly never[] = [];

function noteCell({ level, text }: ResourceDocument['log'][number]): TreeCell {
  const role = noteRoles[level];
  return { text: `${level}: ${text}`, ...(role && { role }) };
}

function groupOfType(type: string): string {
  return type.slice(0, type.indexOf('.'));
}

/** A thousand services have a handful of statuses: each has one cell. */
const statusCells = new Map<string, TreeCell>();

function statusCell(status: string): TreeCell {
  let cell = statusCells.get(status);
  if (cell === undefined) {
    const role = statusRoles[status];
    cell = { text: status, ...(role && { role }) };
    statusCells.set(status, cell);
  }
  return cell;
}

function noticesOf({ frozen, nodeFrozen, provisioned, state }: InstanceDocument): string {
  const notices: string[] = [];
  if (frozen) notices.push('frozen');
  if (nodeFrozen) notices.push('node frozen');
  if (provisioned === false) notices.push('not provisioned');
  if (provisioned === 'mixed') notices.push('part-provisioned');
  if (state !== 'idle') notices.push(state);
  return notices.join(', ');
}

/** Monitored, disabled, optional because somebody said so, encap. */
function fourFlags({ monitor, disable, marked, encap }: ResourceDocument): string {
  return flag(monitor, 'M') + flag(disable, 'D') + flag(marked, 'O') + flag(encap, 'E');
}

/** Running, the four, provisioned, standby, restarts. */
function eightFlags(resource: ResourceDocument, running: readonly string[]): string {
  const { optional, provisioned, standby, restart, monitor, disable, encap } = resource;
  const four = flag(monitor, 'M') + flag(disable, 'D') + flag(optional, 'O') + flag(encap, 'E');
  const made = provisioned.state === null ? '/' : provisioned.state ? '.' : 'P';
  const tries = restart === 0 ? '.' : restart < 10 ? String(restart) : '+';
  return `${flag(running.includes(resource.rid), 'R')}${four}${made}${flag(standby, 'S')}${tries}`;
}

function flag(set: boolean, letter: string): string {
  return set ? letter : '.';
}
