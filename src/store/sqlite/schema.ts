import type { Database as Handle } from 'better-sqlite3';
import { replaceInvisible } from '../../lib/replace-invisible.ts';
import { openDatabase } from './database.ts';

/** A row of `sqlite_schema`, without the page that it begins at. */
interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  /** Null for the indexes that SQLite makes for constraints. */
  readonly sql: string | null;
}

/** Tables that SQLite adds on ANALYZE or `PRAGMA optimize`. */
const statisticsTables: ReadonlyMap<string, string> = new Map([
  ['sqlite_stat1', 'CREATE TABLE sqlite_stat1(tbl,idx,stat)'],
  ['sqlite_stat4', 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)'],
]);

/** A literal or quoted name, a comment, white space as SQLite defines it, or any other character. */
const sqlLexeme =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|[ \t\n\f\r]+|[\s\S]/g;

/**
 * Compares a database's schema with the one that these migrations create; the differences as sentences. The
 * comparison is exact: with an added trigger, view, index or column, a revocation could have no effect
 * while all data looks intact.
 */
export function schemaFaults(db: Handle, migrations: readonly string[]): string[] {
  const wanted = new Map(expectedSchema(migrations).map((row) => [keyOf(row), row]));
  const faults: string[] = [];
  for (const row of readSchema(db)) {
    const key = keyOf(row);
    const model = wanted.get(key);
    wanted.delete(key);
    if (model === undefined) {
      if (!isStatisticsTable(row)) faults.push(`${describe(row)} is not part of Postern's schema`);
    } else if (row.tbl_name !== model.tbl_name || normalize(row.sql) !== normalize(model.sql)) {
      faults.push(`${describe(row)} is not as Postern's schema has it`);
    }
  }
  return [...faults, ...[...wanted.values()].map((row) => `${describe(row)} is missing`)];
}

function expectedSchema(migrations: readonly string[]): SchemaRow[] {
  const model = openDatabase(':memory:');
  try {
    for (const sql of migrations) model.exec(sql);
    return readSchema(model);
  } finally {
    model.close();
  }
}

function readSchema(db: Handle): SchemaRow[] {
  return db.prepare<[], SchemaRow>('SELECT type, name, tbl_name, sql FROM sqlite_schema').all();
}

function keyOf({ type, name }: SchemaRow): string {
  return JSON.stringify([type, name]);
}

function isStatisticsTable({ type, name, tbl_name, sql }: SchemaRow): boolean {
  return (
    type === 'table' && tbl_name === name && sql !== null && statisticsTables.get(name) === sql
  );
}

function describe({ type, name, tbl_name: table }: SchemaRow): string {
  const on = table === name ? '' : ` on "${replaceInvisible(table)}"`;
  return `${replaceInvisible(type)} "${replaceInvisible(name)}"${on}`;
}

/** Without comments, and with one space where there is any. */
function normalize(sql: string | null): string | null {
  if (sql === null) return null;
  const pieces = sql.match(sqlLexeme) ?? [];
  return pieces
    .map((text) => (/^(?:--|\/\*|[ \t\n\f\r])/.test(text) ? ' ' : text))
    .join('')
    .replace(/ +/g, ' ')
    .trim();
}
