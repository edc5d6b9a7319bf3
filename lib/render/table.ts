import { cellText, pad, widthOf } from './cell.js';
import { paint, plainStyle, type Role, type Style } from './style.js';

export interface Column<Row = Readonly<Record<string, unknown>>> {
  /** The field of the row, and its name in JSON and CSV. */
  readonly key: string;
  /** The heading; default the key with blanks for underscores. */
  readonly title?: string;
  readonly minWidth?: number;
  readonly align?: 'left' | 'right';
  /** The meaning of a cell, given its value and row. */
  readonly role?: (value: unknown, row: Row) => Role | undefined;
  /** The text of a cell in tables; default the value itself. */
  readonly show?: (value: unknown, row: Row) => unknown;
}

/**
 * Aligned columns with two blanks between, a heading and dashes as long as its words. Nothing
 * follows the last column. Padding comes before colour, so that colour codes never count.
 *
 * @returns the lines, each ended
 */
export function renderTable<Row extends object>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: Style = plainStyle,
): string {
  const titles = columns.map(titleOf);
  const body = rows.map((row) =>
    columns.map((column) => {
      const value = fieldOf(row, column.key);
      const shown = column.show ? column.show(value, row) : value;
      return { text: cellText(shown), role: column.role?.(value, row) };
    }),
  );
  const widths = columns.map(({ minWidth = 0 }, index) =>
    body.reduce(
      (width, cells) => Math.max(width, widthOf(cells[index]?.text ?? '')),
      Math.max(minWidth, widthOf(titles[index] ?? '')),
    ),
  );
  const line = (cells: readonly { text: string; role: Role | undefined }[]): string =>
    `${cells
      .map(({ text, role }, index) => {
        const { align } = columns[index] ?? {};
        const last = index === columns.length - 1 && align !== 'right';
        const padded = last ? text : pad(text, widths[index] ?? 0, align);
        return paintInside(style, role, padded);
      })
      .join('  ')
      .trimEnd()}\n`;
  return [
    line(titles.map((text) => ({ text, role: 'bold' as const }))),
    line(titles.map((text) => ({ text: '-'.repeat(widthOf(text)), role: undefined }))),
    ...body.map(line),
  ].join('');
}

/** A field of a row, whatever shape the row has. */
export function fieldOf(row: object, key: string): unknown {
  return Object.hasOwn(row, key) ? Reflect.get(row, key) : undefined;
}

export function titleOf({ key, title }: Pick<Column, 'key' | 'title'>): string {
  return title ?? key.replaceAll('_', ' ');
}

/** Colours the words and leaves the padding plain, so that an underline or background ends there. */
function paintInside(style: Style, role: Role | undefined, padded: string): string {
  const text = padded.trim();
  if (text === '') return padded;
  const start = padded.indexOf(text);
  return `${padded.slice(0, start)}${paint(style, role, text)}${padded.slice(start + text.length)}`;
}
