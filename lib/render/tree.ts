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
  const lines: Line[] = [];
  for (const root of roots) addLines(lines, root, '', '');
  const nameWidth =
    layout.nameWidth ??
    Math.max(0, ...lines.map(({ head, cells }) => widthOf(head + textOf(cells[0]))));
  let text = '';
  for (const line of lines) {
    if (!line.note) text += `${nodeLine(line, nameWidth, layout).trimEnd()}\n`;
    else for (const part of noteLines(line, nameWidth, layout)) text += `${part.trimEnd()}\n`;
  }
  return text;
}

interface Line {
  /** The branches before the name. */
  readonly head: string;
  readonly cells: readonly TreeCell[];
  readonly note: boolean;
}

function addLines(lines: Line[], node: TreeNode, head: string, below: string): void {
  const { cells, notes = [], children = [] } = node;
  lines.push({ head, cells, note: false });
  for (const note of notes) lines.push({ head: below, cells: ['', note], note: true });
  const last = children.length - 1;
  for (const [index, child] of children.entries()) {
    const isLast = index === last;
    addLines(
      lines,
      child,
      `${below}${isLast ? "'- " : '|- '}`,
      `${below}${isLast ? '   ' : '|  '}`,
    );
  }
}

function nodeLine(line: Line, nameWidth: number, layout: TreeLayout): string {
  const { style = plainStyle, columns = [] } = layout;
  const [name, ...others] = line.cells;
  const text = textOf(name);
  const room = nameWidth - widthOf(line.head) - widthOf(text);
  let whole = `${line.head}${paint(style, roleOf(name), text)}`;
  if (others.length > 0 && room > 0) whole += ' '.repeat(room);
  for (const [index, cell] of others.entries()) {
    const { width = 0, align } = columns[index] ?? {};
    whole += ` ${paint(style, roleOf(cell), pad(textOf(cell), width, align))}`;
  }
  return whole;
}

function noteLines(line: Line, nameWidth: number, layout: TreeLayout): string[] {
  const { style = plainStyle, columns = [], width } = layout;
  const blanks = columns.slice(0, -1).reduce((sum, column) => sum + column.width + 1, 0);
  const head = `${pad(line.head, nameWidth)} ${' '.repeat(blanks)}`;
  const [, note] = line.cells;
  return wrap(textOf(note), width === undefined ? undefined : width - widthOf(head)).map(
    (part) => `${head}${paint(style, roleOf(note), part)}`,
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
