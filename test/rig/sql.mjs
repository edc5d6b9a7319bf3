/** Asks or changes a store from inside a mount namespace: sql.mjs FILE all|exec SQL */
import Database from 'better-sqlite3';

const [file, verb, sql] = process.argv.slice(2);
const connection = new Database(file, { fileMustExist: true, readonly: verb === 'all' });
if (verb === 'all') process.stdout.write(JSON.stringify(connection.prepare(sql).all()));
else connection.exec(sql);
connection.close();
