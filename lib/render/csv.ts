import { fieldText } from './cell.js';
import { fieldOf } from './table.js';

/** A header and rows, separated by `;`, each field in single quotes; a quote inside is doubled. */
export function renderCsv(keys: readonly string[], rows: readonly object[]): string {
  const line = (fields: readonly string[]): string =>
    `${fields.map((field) => `'${field.replaceAll("'", "''")}'`).join(';')}\n`;
  return [
    line(keys),
    ...rows.map((row) => line(keys.map((key) => fieldText(fieldOf(row, key))))),
  ].join('');
}
