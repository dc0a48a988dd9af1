import type { AuditEntry } from '../../core/model/audit.ts';
import type { SigningKeyStore, StoredSigningKey } from '../port/signing-keys.ts';
import type { AuditWriter } from './audit-writer.ts';
import type { SqliteConnection } from './connection.ts';

interface Row {
  id: string;
  public_jwk: string;
  sealed: Uint8Array;
  created_at: number;
  retired_at: number | null;
}

/** Keys that sign assertions, in SQLite. */
export class SqliteSigningKeys implements SigningKeyStore {
  readonly #db: SqliteConnection;
  readonly #audit: AuditWriter;

  constructor(db: SqliteConnection, audit: AuditWriter) {
    this.#db = db;
    this.#audit = audit;
  }

  async list(): Promise<readonly StoredSigningKey[]> {
    const rows = this.#db.all<Row>(
      'SELECT id, public_jwk, sealed, created_at, retired_at FROM signing_key ORDER BY created_at DESC, id',
    );
    return rows.map((row) => ({
      id: row.id,
      publicJwk: JSON.parse(row.public_jwk) as Record<string, unknown>,
      sealed: row.sealed,
      createdAt: row.created_at,
      retiredAt: row.retired_at ?? undefined,
    }));
  }

  async insertFirst(key: StoredSigningKey, entry: AuditEntry): Promise<boolean> {
    const condition = 'WHERE NOT EXISTS (SELECT 1 FROM signing_key WHERE retired_at IS NULL)';
    return this.#audit.writeRow(() => this.#insert(key, condition), entry);
  }

  async replace(key: StoredSigningKey, now: number, entry: AuditEntry): Promise<void> {
    await this.#audit.writeRow(() => {
      this.#db.run('UPDATE signing_key SET retired_at = @now WHERE retired_at IS NULL', { now });
      return this.#insert(key, '');
    }, entry);
  }

  async prune(retiredBefore: number): Promise<number> {
    const sql = 'DELETE FROM signing_key WHERE retired_at < @retiredBefore';
    return this.#db.write(() => this.#db.run(sql, { retiredBefore }).changes);
  }

  #insert(
    { id, publicJwk, sealed, createdAt }: StoredSigningKey,
    condition: string,
  ): { changes: number } {
    const sql = `INSERT INTO signing_key (id, public_jwk, sealed, created_at)
       SELECT @id, @publicJwk, @sealed, @createdAt ${condition}`;
    const values = { id, publicJwk: JSON.stringify(publicJwk), sealed, createdAt };
    return this.#db.run(sql, values);
  }
}
