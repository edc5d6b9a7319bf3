/** Asks or changes a store from inside a mount namespace: sql.mjs FILE all|exec SQL */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const [file, verb, sql] = process.argv.slice(2);
// The addon that the build keeps for this Node.js.
const kept = new URL(
  `../../dist/better_sqlite3.abi${process.versions.modules}.node`,
  import.meta.url,
);
const connection = new Database(file, {
  fileMustExist: true,
  readonly: verb === 'all',
  ...(existsSync(kept) && { nativeBinding: fileURLToPath(kept) }),
});
if (verb === 'all') process.stdout.write(JSON.stringify(connection.prepare(sql).all()));
else connection.exec(sql);
connection.close();
