import { AgentError } from '../errors/agent-error.js';
import { cellText } from './cell.js';
import { renderCsv } from './csv.js';
import { renderFlatJson } from './flat-json.js';
import { renderJson } from './json.js';
import { paint, plainStyle, type Style } from './style.js';
import { type Column, fieldOf, renderTable, titleOf } from './table.js';

export const formats = ['table', 'json', 'flat_json', 'csv'] as const;

export type Format = (typeof formats)[number];

/** What a command answers: data first, and how people like to see them. */
export interface Document<Row extends object = Readonly<Record<string, unknown>>> {
  /** Names the shape of the data, with a version: `nodemgr.schedule.1`. */
  readonly schema: string;
  /** Rows, or one object. */
  readonly data: readonly Row[] | object;
  /** Of rows: what tables and CSV show, in order. */
  readonly columns?: readonly Column<Row>[];
  /** The rows that tables and CSV show where the data are nested. */
  readonly rows?: readonly Row[];
  /** What people get instead of a table. */
  readonly text?: (style: Style) => string;
}

/**
 * The text of a document in a format. JSON data say their schema: an object in its own `schema`
 * field, a list, which stays a list, in that of each row.
 *
 * @throws AgentError `E_FORMAT` for CSV of data that are no rows
 */
export function renderDocument<Row extends object>(
  document: Document<Row>,
  format: Format,
  style: Style = plainStyle,
): string {
  if (format === 'json') return renderJson(withSchema(document));
  if (format === 'flat_json') return renderFlatJson(withSchema(document));
  const { data, rows, columns, text } = document;
  const list = rows ?? (isRows(data) ? data : undefined);
  if (format === 'csv') {
    if (!list) throw unsupported(format);
    return renderCsv(columns?.map(({ key }) => key) ?? keysOf(list), list);
  }
  if (text) return ended(text(style));
  if (!list) return renderObject(data, style);
  return renderTable(columns ?? keysOf(list).map((key): Column<Row> => ({ key })), list, style);
}

function withSchema<Row extends object>({ schema, data }: Document<Row>): unknown {
  return isRows(data) ? data.map((row) => ({ ...row, schema })) : { ...data, schema };
}

/** One object as aligned `name  value` lines, in its own order. */
function renderObject(data: object, style: Style): string {
  const titles = Object.keys(data).map((key) => titleOf({ key }));
  const width = Math.max(0, ...titles.map((title) => title.length));
  return Object.keys(data)
    .map((key, index) => {
      const title = paint(style, 'bold', titles[index] ?? '');
      const gap = ' '.repeat(width - (titles[index] ?? '').length);
      return `${title}${gap}  ${cellText(fieldOf(data, key))}\n`;
    })
    .join('');
}

function keysOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function isRows<Row extends object>(data: readonly Row[] | object): data is readonly Row[] {
  return Array.isArray(data);
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function unsupported(format: Format): AgentError {
  return new AgentError('E_FORMAT', `unsupported format for this action: ${format}`, {
    exit: 'usage',
    remedy: 'ask for json or flat_json',
  });
}
