import Database, { type Database as Handle } from 'better-sqlite3';

/**
 * Opens a database file; every connection is made here. The schema is not trusted: it cannot call functions
 * with effects outside of the database (https://sqlite.org/pragma.html#pragma_trusted_schema).
 */
export function openDatabase(path: string, options: Database.Options = {}): Handle {
  const db = new Database(path, options);
  db.pragma('trusted_schema = OFF');
  return db;
}
