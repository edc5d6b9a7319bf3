import { defineTable } from './store.js';

/** A configuration file as the index last saw it. */
export interface SourceRow {
  path: string;
  /** `node` or the path of the service it defines. */
  scope: string;
  /** Inode, size, modification and change time: equal stamps mean an unchanged file. */
  stamp: string;
  /** Why the file could not be used, null when it could. */
  problem: string | null;
}

export const sourceTable = defineTable((store) => {
  const db = store.connection;
  const all = db.prepare<[], SourceRow>('SELECT path, scope, stamp, problem FROM source');
  const unusable = db.prepare<[], SourceRow>(
    'SELECT path, scope, stamp, problem FROM source WHERE problem IS NOT NULL ORDER BY path',
  );
  const put = db.prepare<SourceRow>(`
    INSERT INTO source (path, scope, stamp, problem) VALUES (@path, @scope, @stamp, @problem)
    ON CONFLICT (path) DO UPDATE SET
      scope = excluded.scope, stamp = excluded.stamp, problem = excluded.problem`);
  const remove = db.prepare<[string]>('DELETE FROM source WHERE path = ?');
  return {
    all: (): SourceRow[] => all.all(),
    /** The files that could not be used. */
    unusable: (): SourceRow[] => unusable.all(),
    put: (row: SourceRow): void => void put.run(row),
    remove: (path: string): void => void remove.run(path),
  };
});
