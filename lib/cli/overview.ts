import { pad } from '../render/cell.js';
import { paint, type Role, type Style } from '../render/style.js';
import type { InstanceDocument } from '../service/known-instance.js';
import type { Status } from '../status/values.js';
import { statusRoles } from './status-roles.js';

/** What the overview shows of this node. */
export interface NodeFacts {
  readonly name: string;
  readonly load15: string;
  readonly frozen: boolean;
}

/** The letter of an instance (spec service 5.4). */
const letters: Readonly<Record<Status, string>> = {
  up: 'O',
  'stdby up': 'o',
  down: 'X',
  'stdby down': 'x',
  warn: '!!',
  'n/a': '/',
  undef: '/',
};

/** A cell, painted after it is padded. */
interface Part {
  readonly text: string;
  readonly role?: Role | undefined;
}
type Cell = readonly Part[];

/** The overview of a node and its services (spec service 5.4, `svcmgr mon`). */
export function renderOverview(
  node: NodeFacts,
  instances: readonly InstanceDocument[],
  style: Style,
): string {
  const title = (text: string): Cell => [{ text, role: 'bold' }];
  const plain = (text: string): Cell => [{ text }];
  const rows: Cell[][] = [
    [title('Nodes'), plain(''), plain(''), plain(''), title(node.name)],
    [title(' 15m'), plain(''), plain(''), plain('|'), plain(node.load15)],
    [title(' state'), plain(''), plain(''), plain('|'), plain(node.frozen ? '*' : '')],
    [],
    [title('Services'), plain(''), plain(''), plain(''), title(node.name)],
    ...instances.map((instance) => serviceRow(instance)),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...rows.map((row) => textOf(row[column]).length)),
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const painted = cell.map(({ text, role }) => paint(style, role, text)).join('');
        return painted + pad('', (widths[column] ?? 0) - textOf(cell).length);
      });
      return `${cells.join(' ').trimEnd()}\n`;
    })
    .join('');
}

function serviceRow(instance: InstanceDocument): Cell[] {
  const { scope, avail, overall, topology } = instance;
  const warns = overall === 'warn';
  // Without the peers a service is where its only known instance is.
  const misplaced = avail === 'up' && !instance.leader;
  return [
    [{ text: ` ${scope}`, role: 'bold' }],
    [
      { text: avail, role: statusRoles[avail] },
      { text: warns ? '!' : '', role: 'warn' },
      { text: misplaced ? '^' : '', role: 'bad' },
    ],
    [{ text: topology }],
    [{ text: '|' }],
    [{ text: instanceCell(instance), role: statusRoles[avail] }],
  ];
}

/** Letter, warning, leader, frozen, provisioned, state. */
function instanceCell(instance: InstanceDocument): string {
  const { avail, overall, leader, frozen, nodeFrozen, provisioned, state } = instance;
  return [
    letters[avail],
    overall === 'warn' && avail !== 'warn' ? '!' : '',
    leader ? '^' : '',
    frozen || nodeFrozen ? '*' : '',
    provisioned === true ? '' : 'P',
    state === 'idle' ? '' : ` ${state}`,
  ].join('');
}

function textOf(cell: Cell | undefined): string {
  return cell?.map(({ text }) => text).join('') ?? '';
}
