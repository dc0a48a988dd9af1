import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { OperatorError } from '../../lib/operator-error.ts';
import { schemaFaults } from './schema.ts';

/** Marks a file as Postern's (https://sqlite.org/pragma.html#pragma_application_id): "pstn". */
export const applicationId = 0x7073746e;

/**
 * Applies the missing migrations, forward only, in one transaction that takes the write lock first: of
 * two processes that start together one migrates. Throws OperatorError for another program's database, for
 * one that is newer than this program, and for a schema that differs from that of its version.
 */
export function migrate(db: Database, directory: string, path: string): void {
  const migrations = readMigrations(directory);
  if (isUpToDate(db, migrations.length)) {
    checkSchema(db, migrations, path);
    return;
  }
  db.transaction(() => {
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version < 0) throw new OperatorError(`${path} has a schema of no Postern (${version}).`);
    if (version > migrations.length) {
      throw new OperatorError(
        `${path} was written by a newer Postern (schema ${version}, this one knows ${migrations.length}). Run that version, or restore a backup.`,
      );
    }
    checkSchema(db, migrations.slice(0, version), path);
    for (const sql of migrations.slice(version)) db.exec(sql);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

/** The SQL of all migrations in order. Their numbers start at 1 and have no gap. */
export function readMigrations(directory: string): string[] {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    if (!name.startsWith(`${String(index + 1).padStart(4, '0')}_`)) {
      throw new Error(`migration ${name} should have number ${index + 1}`);
    }
    return readFileSync(join(directory, name), 'utf8');
  });
}

function checkSchema(db: Database, migrations: readonly string[], path: string): void {
  const [fault, ...more] = schemaFaults(db, migrations);
  if (fault === undefined) return;
  const rest =
    more.length === 0 ? '' : ` (and ${more.length} more; postern store check lists them)`;
  throw new OperatorError(
    `${path} has been tampered with: ${fault}${rest}. Restore a backup, or take out what was put in.`,
  );
}

function isUpToDate(db: Database, newest: number): boolean {
  return (
    db.pragma('user_version', { simple: true }) === newest &&
    db.pragma('application_id', { simple: true }) === applicationId
  );
}

/** Throws OperatorError when the database is another program's. Writes nothing. */
export function checkOwner(db: Database, path: string): void {
  const owner = db.pragma('application_id', { simple: true });
  if (owner === applicationId) return;
  const version = db.pragma('user_version', { simple: true });
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  if (owner !== 0 || version !== 0 || tables !== 0) {
    throw new OperatorError(
      `${path} is a database of another program. Point data_dir (POSTERN_DATA_DIR) at a directory of Postern's own.`,
    );
  }
}
