import { cellText, pad, widthOf } from '../render/cell.js';
import { paint, type Role, type Style } from '../render/style.js';
import type { InstanceDocument } from '../service/known-instance.js';
import { statusRoles } from './status-role.js';

/** Groups that `-v` adds, in their order. */
const groups = ['container', 'ip', 'disk', 'fs', 'share', 'app', 'hb', 'sync'] as const;

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly role?: Role | undefined;
}

/** Least width of the names. */
const leastName = 'service'.length;
const appWidth = 10;
const statusWidth = 10;

/** The table of spec service 5.4: `svcmon`. */
export function serviceTable(
  instances: readonly InstanceDocument[],
  { nodeEnv, verbose, style }: { nodeEnv: string; verbose: boolean; style: Style },
): string {
  const nameWidth = Math.max(leastName, ...instances.map(({ scope }) => widthOf(scope)));
  const titles = [
    [cell('app', appWidth), cell('type', 4), cell('topology', 8), cell('container', 9)],
    [cell('frozen', 6), cell('disabled', 8)],
    [cell('avail', statusWidth), cell('overall', statusWidth)],
    ...(verbose ? [groups.map((group) => cell(group, statusWidth))] : []),
  ];
  const margin = ' '.repeat(nameWidth + 1);
  // Each part has a blank at its end, and all but the first one at its begin.
  const rules = titles.map((part, at) => {
    const width = part.reduce((sum, one) => sum + one.width + 1, at === 0 ? 0 : 1);
    return '-'.repeat(width);
  });
  const rows = instances.map((instance) => {
    const name = paint(style, 'bold', pad(instance.scope, nameWidth));
    const parts = [
      [
        cell(shortened(cellText(instance.app)), appWidth),
        cell(instance.env ?? nodeEnv, 4),
        cell(instance.topology, 8),
        cell(containerOf(instance), 9),
      ],
      [
        cell(instance.frozen || instance.nodeFrozen ? 'yes' : 'no', 6),
        cell(isDisabled(instance) ? 'yes' : 'no', 8),
      ],
      [statusCell(instance.avail), statusCell(instance.overall)],
      ...(verbose ? [groups.map((group) => statusCell(instance.groups[group] ?? 'n/a'))] : []),
    ];
    return `${name} ${partsText(parts, style)}`;
  });
  return [`${margin}${partsText(titles, style)} `, margin + rules.join('+'), ...rows]
    .map((line) => `${line}\n`)
    .join('');
}

function partsText(parts: readonly (readonly Cell[])[], style: Style): string {
  return parts
    .map((part) =>
      part.map(({ text, width, role }) => paint(style, role, pad(text, width))).join(' '),
    )
    .join(' | ');
}

function cell(text: string, width: number): Cell {
  return { text, width };
}

function statusCell(status: string): Cell {
  return { text: status, width: statusWidth, role: statusRoles[status] };
}

function shortened(app: string): string {
  return widthOf(app) <= appWidth ? app : `${app.slice(0, appWidth - 1)}*`;
}

/** The type of its containers, `-` when it has none. */
function containerOf({ resources }: InstanceDocument): string {
  const type = resources.find(({ type }) => type.startsWith('container.'))?.type;
  return type?.slice('container.'.length) ?? '-';
}

function isDisabled({ resources }: InstanceDocument): boolean {
  return resources.length > 0 && resources.every(({ disable }) => disable);
}
