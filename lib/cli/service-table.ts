import { cellText, pad, widthOf } from '../render/cell.js';
import { paint, type Role, type Style } from '../render/style.js';
import type { InnerDocument, InstanceDocument } from '../service/known-instance.js';
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
  const named = instances.flatMap((instance) => [
    instance.scope,
    ...innerOf(instance).map(innerName),
  ]);
  const nameWidth = Math.max(leastName, ...named.map(widthOf));
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
  const rowOf = (name: string, parts: readonly (readonly Cell[])[]): string =>
    `${paint(style, 'bold', pad(name, nameWidth))} ${partsText(parts, style)}`;
  const statusParts = ({ avail, overall, groups: of }: Statuses): Cell[][] => [
    [statusCell(avail), statusCell(overall)],
    ...(verbose ? [groups.map((group) => statusCell(of[group] ?? 'n/a'))] : []),
  ];
  const rows = instances.flatMap((instance) => [
    rowOf(instance.scope, [
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
      ...statusParts(instance),
    ]),
    ...innerOf(instance).map((inner) =>
      rowOf(innerName(inner), [
        [cell('-', appWidth), cell('-', 4), cell('-', 8), cell('-', 9)],
        [cell(inner.frozen ? 'yes' : 'no', 6), cell('-', 8)],
        ...statusParts(inner),
      ]),
    ),
  ]);
  return [`${margin}${partsText(titles, style)} `, margin + rules.join('+'), ...rows]
    .map((line) => `${line}\n`)
    .join('');
}

type Statuses = Pick<InnerDocument, 'avail' | 'overall' | 'groups'>;

/** What is inside of containers has a row below its service. */
function innerOf({ inner }: InstanceDocument): readonly InnerDocument[] {
  return inner ? Object.values(inner) : nothing;
}

const nothing: readonly never[] = [];
const innerName = ({ hostname }: InnerDocument): string => ` @${hostname}`;

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
