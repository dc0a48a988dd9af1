import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { sqliteMigrations } from '../../lib/resources.ts';
import { openDatabase } from './database.ts';
import { applicationId, readMigrations } from './migrate.ts';
import { schemaFaults } from './schema.ts';

/** The content of a database file, and its faults. */
export interface DatabaseFacts {
  /** Version of its schema, and of the newest that this program knows. */
  readonly schema: number;
  readonly newestSchema: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Sentences. Empty when the database is intact, Postern's, and not newer than this program. */
  readonly faults: readonly string[];
}

/** A database that is opened for reading. */
export interface ReadableDatabase {
  readonly db: Handle;
  close(): void;
}

/** Milliseconds to wait for another process's lock. No decision waits for it. */
const lockTimeoutMs = 5_000;

/** Faults of one kind that are reported at most. */
const maxFaults = 20;

/**
 * Opens a database file and writes nothing to it. Where the directory is read-only, it opens a temporary
 * copy: SQLite writes beside a database with a write-ahead log, even to read. Throws OperatorError when the
 * file is missing or unreadable.
 */
export function openForReading(path: string): ReadableDatabase {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new OperatorError(`there is no token store at ${path}.`);
  }
  try {
    const db = openReadOnly(path);
    return { db, close: () => void db.close() };
  } catch (error) {
    if (!needsWriteAccess(error)) throw unreadableError(path, error);
  }
  const directory = mkdtempSync(join(tmpdir(), 'postern-copy-'));
  const close = () => rmSync(directory, { recursive: true, force: true });
  try {
    const copy = join(directory, basename(path));
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    const db = openReadOnly(copy);
    return {
      db,
      close() {
        db.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw unreadableError(path, error);
  }
}

/**
 * Inspects the whole database, about a second for 100 MB. Writes nothing. Damage is reported as a fault;
 * throws OperatorError when the file cannot be read.
 */
export function inspectDatabase(db: Handle): DatabaseFacts {
  const migrations = readMigrations(sqliteMigrations);
  const newest = migrations.length;
  try {
    // One transaction: a service may write meanwhile.
    return db.transaction(() => {
      const schema = db.pragma('user_version', { simple: true }) as number;
      const [foreign] = ownerFaults(db, schema, newest);
      const strange =
        foreign === undefined
          ? schemaFaults(db, migrations.slice(0, schema)).slice(0, maxFaults)
          : [foreign];
      // A foreign schema could change what further queries see.
      const isStrange = strange.length > 0;
      return {
        schema,
        newestSchema: newest,
        rows: isStrange ? {} : countRows(db),
        faults: isStrange ? strange : integrityFaults(db),
      };
    })();
  } catch (error) {
    if (!isCorruption(error)) throw unreadableError(db.name, error);
    return { schema: 0, newestSchema: newest, rows: {}, faults: [(error as Error).message] };
  }
}

function ownerFaults(db: Handle, schema: number, newest: number): string[] {
  if (db.pragma('application_id', { simple: true }) !== applicationId || schema < 1) {
    return ['it is not a database of Postern'];
  }
  return schema > newest
    ? [`it was written by a newer Postern (schema ${schema}, this one knows ${newest})`]
    : [];
}

/** https://sqlite.org/pragma.html#pragma_integrity_check and #pragma_foreign_key_check. */
function integrityFaults(db: Handle): string[] {
  const found = db.pragma(`integrity_check(${maxFaults})`) as { integrity_check: string }[];
  const strangers = db.pragma('foreign_key_check') as { table: string; rowid: number | null }[];
  return [
    ...found
      .flatMap(({ integrity_check: lines }) => lines.split('\n'))
      .filter((line) => line !== 'ok' && !line.startsWith('***')),
    ...strangers
      .slice(0, maxFaults)
      .map(({ table, rowid }) => `row ${rowid ?? '?'} of ${table} has no parent row`),
  ];
}

function countRows(db: Handle): Record<string, number> {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .pluck()
    .all();
  const count = (name: string) =>
    db
      .prepare(`SELECT count(*) FROM "${name.replaceAll('"', '""')}"`)
      .pluck()
      .get() as number;
  return Object.fromEntries(names.map((name) => [name, count(name)]));
}

function openReadOnly(path: string): Handle {
  const db = openDatabase(path, { readonly: true, fileMustExist: true, timeout: lockTimeoutMs });
  try {
    // The first read: opening alone reads nothing.
    db.pragma('user_version');
    return db;
  } catch (error) {
    // inspectDatabase reports it.
    if (isCorruption(error)) return db;
    db.close();
    throw error;
  }
}

/** Whether SQLite reports a file that is corrupt or no database. */
export function isCorruption(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test((error as { code?: string }).code ?? '');
}

function needsWriteAccess(error: unknown): boolean {
  return /^SQLITE_(?:CANTOPEN|READONLY)/.test((error as { code?: string }).code ?? '');
}

function unreadableError(path: string, error: unknown): OperatorError {
  return new OperatorError(
    `cannot read ${path}: ${(error as Error).message}. Check that it is a SQLite database and that this user may read it.`,
  );
}
