import Database, { type Database as Handle } from 'better-sqlite3';

/**
 * Opens a database file, for every connection there is. A schema may be somebody else's work: what
 * stands in it calls no function that has effects outside of the database
 * (https://sqlite.org/pragma.html#pragma_trusted_schema).
 */
export function openDatabase(path: string, options: Database.Options = {}): Handle {
  const db = new Database(path, options);
  db.pragma('trusted_schema = OFF');
  return db;
}
