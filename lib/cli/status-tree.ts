import type { Role, Style } from '../render/style.js';
import { renderTree, type TreeNode } from '../render/tree.js';
import type { InstanceDocument, ResourceDocument } from '../service/known-instance.js';
import { isAccessory } from '../status/aggregate.js';
import { statusRoles } from './status-roles.js';

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
  const shown = instance.resources.filter(({ disable }) => showDisabled || !disable);
  const nodeOf = (resource: ResourceDocument): TreeNode => ({
    cells: [
      resource.rid,
      options.verbose ? eightFlags(resource, instance.running) : fourFlags(resource),
      statusCell(resource.status),
      resource.label,
    ],
    notes: resource.log.map(({ level, text }) => {
      const role = noteRoles[level];
      return { text: `${level}: ${text}`, ...(role && { role }) };
    }),
  });
  const accessory = shown.filter(({ type }) => isAccessory(groupOfType(type)));
  const avail = shown.filter((resource) => !accessory.includes(resource));
  const head = options.style.bold(instance.scope);
  const tree = renderTree(
    [
      {
        cells: ['overall', '', statusCell(instance.overall), noticesOf(instance)],
        children: [
          {
            cells: ['avail', '', statusCell(instance.avail), ''],
            children: avail.map(nodeOf),
          },
          ...(accessory.length > 0
            ? [{ cells: ['accessory'], children: accessory.map(nodeOf) }]
            : []),
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

function groupOfType(type: string): string {
  return type.slice(0, type.indexOf('.'));
}

function statusCell(status: string): { text: string; role?: Role } {
  const role = statusRoles[status];
  return { text: status, ...(role && { role }) };
}

function noticesOf({ frozen, nodeFrozen, provisioned, state }: InstanceDocument): string {
  return [
    frozen ? 'frozen' : undefined,
    nodeFrozen ? 'node frozen' : undefined,
    provisioned === false ? 'not provisioned' : undefined,
    provisioned === 'mixed' ? 'part-provisioned' : undefined,
    state === 'idle' ? undefined : state,
  ]
    .filter((notice) => notice !== undefined)
    .join(', ');
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
