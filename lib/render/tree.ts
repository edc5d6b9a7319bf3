import { cellText, pad, widthOf } from './cell.js';
import { paint, plainStyle, type Role, type Style } from './style.js';

/** A text with a meaning; a plain text has none. */
export type TreeCell = string | { readonly text: string; readonly role?: Role };

export interface TreeNode {
  /** The name, and what stands in the columns beside it. */
  readonly cells: readonly TreeCell[];
  /** Lines below the node in its last column, such as the log of a resource. */
  readonly notes?: readonly TreeCell[];
  readonly children?: readonly TreeNode[];
}

export interface TreeLayout {
  /** Width of the name with its branches; default the widest name. */
  readonly nameWidth?: number;
  /** Widths and alignment of the columns after the name; the last one is free. */
  readonly columns?: readonly { readonly width: number; readonly align?: 'left' | 'right' }[];
  /** Notes are wrapped at this width, with their place kept. */
  readonly width?: number;
  readonly style?: Style;
}

/**
 * A tree with `|- ` before a branch and `'- ` before the last one. Cells are separated by one
 * blank, and a long one pushes the rest of its line.
 *
 * @returns the lines, each ended
 */
export function renderTree(roots: readonly TreeNode[], layout: TreeLayout = {}): string {
  const nameWidth = layout.nameWidth ?? widestName(roots, 0);
  let text = '';
  // A thousand services are eight thousand lines: they are written where they are made.
  const write = ({ cells, notes, children }: TreeNode, head: string, below: string): void => {
    text += `${nodeLine(cells, head, nameWidth, layout)}\n`;
    if (notes) {
      for (const note of notes) {
        for (const part of noteLines(note, below, nameWidth, layout)) text += `${part}\n`;
      }
    }
    if (!children) return;
    const last = children.length - 1;
    for (let at = 0; at <= last; at++) {
      const child = children[at];
      if (!child) continue;
      if (at === last) write(child, `${below}'- `, `${below}   `);
      else write(child, `${below}|- `, `${below}|  `);
    }
  };
  for (const root of roots) write(root, '', '');
  return text;
}

/** Width of the widest name with the branches before it. */
function widestName(nodes: readonly TreeNode[], depth: number): number {
  return Math.max(
    0,
    ...nodes.map(({ cells, children = [] }) =>
      Math.max(depth * branchWidth + widthOf(textOf(cells[0])), widestName(children, depth + 1)),
    ),
  );
}

const branchWidth = "'- ".length;

function nodeLine(
  cells: readonly TreeCell[],
  head: string,
  nameWidth: number,
  { style = plainStyle, columns = noColumns }: TreeLayout,
): string {
  const [name] = cells;
  const text = textOf(name);
  let line = head + painted(style, name, text);
  const room = nameWidth - head.length - widthOf(text);
  if (cells.length > 1 && room > 0) line += ' '.repeat(room);
  for (let at = 1; at < cells.length; at++) {
    const cell = cells[at];
    const shown = textOf(cell);
    const { width = 0, align } = columns[at - 1] ?? freeColumn;
    line += ` ${painted(style, cell, width === 0 ? shown : pad(shown, width, align))}`;
  }
  return line.trimEnd();
}

const noColumns: NonNullable<TreeLayout['columns']> = [];
const freeColumn = { width: 0, align: undefined } as const;

/** Most cells have no role. */
function painted(style: Style, cell: TreeCell | undefined, text: string): string {
  const role = roleOf(cell);
  return role === undefined ? text : paint(style, role, text);
}

function noteLines(
  note: TreeCell,
  below: string,
  nameWidth: number,
  { style = plainStyle, columns = noColumns, width }: TreeLayout,
): string[] {
  const blanks = columns.slice(0, -1).reduce((sum, column) => sum + column.width + 1, 0);
  const head = `${pad(below, nameWidth)} ${' '.repeat(blanks)}`;
  return wrap(textOf(note), width === undefined ? undefined : width - widthOf(head)).map((part) =>
    `${head}${painted(style, note, part)}`.trimEnd(),
  );
}

/** Breaks a text between words; a word longer than the room stays whole. */
function wrap(text: string, room: number | undefined): string[] {
  if (room === undefined || room < 10) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function textOf(cell: TreeCell | undefined): string {
  const text = typeof cell === 'object' ? cell.text : (cell ?? '');
  return text === '' ? '' : cellText(text);
}

function roleOf(cell: TreeCell | undefined): Role | undefined {
  return typeof cell === 'object' ? cell.role : undefined;
}
