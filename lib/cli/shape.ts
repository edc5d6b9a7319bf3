import type { Document } from '../render/emit.js';
import type { Column } from '../render/table.js';

/** One field of a JSON document: the table of these makes the columns and the reference page. */
export interface FieldSpec<Row> {
  /** As in TypeScript: `string`, `number | null`, `string[]`. */
  type: string;
  describe: string;
  /** Left out: only in JSON. */
  column?: Omit<Column<Row>, 'key'>;
}

/** The documented shape of what a command emits. */
export interface Shape<Row extends object> {
  /** Name and version: `nodemgr.schedule.1`. */
  readonly schema: string;
  readonly describe: string;
  readonly fields: { readonly [K in keyof Row]-?: FieldSpec<Row> };
}

const known: Shape<never>[] = [];

/** Every shape that has been defined so far, for the reference page. */
export function definedShapes(): readonly Shape<never>[] {
  return known;
}

export function defineShape<Row extends object>(shape: Shape<Row>): Shape<Row> {
  known.push(shape as unknown as Shape<never>);
  return shape;
}

/** A list document: always a list, whatever the number of rows. */
export function listDocument<Row extends object>(
  shape: Shape<Row>,
  rows: readonly Row[],
): Document<Row> {
  const columns = Object.entries<FieldSpec<Row>>(shape.fields).flatMap(([key, { column }]) =>
    column ? [{ key, ...column }] : [],
  );
  return { schema: shape.schema, data: rows, columns };
}
