import type { AdminKey, Role } from '../../core/model/admin-key.ts';
import type { AuditEntry } from '../../core/model/audit.ts';
import type { AdminKeyStore, NewAdminKey } from '../port/admin-keys.ts';
import type { AuditWriter } from './audit-writer.ts';
import type { SqliteConnection } from './connection.ts';

interface Row {
  name: string;
  role: Role;
  gates: string;
  max_ttl: number | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

const columns = 'name, role, gates, max_ttl, created_at, expires_at, last_used_at';

/** Keys of the admin API in SQLite. */
export class SqliteAdminKeys implements AdminKeyStore {
  readonly #db: SqliteConnection;
  readonly #audit: AuditWriter;

  constructor(db: SqliteConnection, audit: AuditWriter) {
    this.#db = db;
    this.#audit = audit;
  }

  async insert(key: NewAdminKey, entry: AuditEntry): Promise<boolean> {
    return this.#insert(key, 'WHERE TRUE ON CONFLICT (name) DO NOTHING', entry);
  }

  async insertFirst(key: NewAdminKey, entry: AuditEntry): Promise<boolean> {
    return this.#insert(key, 'WHERE NOT EXISTS (SELECT 1 FROM admin_key)', entry);
  }

  async find(hash: Uint8Array): Promise<AdminKey | undefined> {
    const row = this.#db.get<Row>(`SELECT ${columns} FROM admin_key WHERE hash = @hash`, { hash });
    return row && toAdminKey(row);
  }

  async list(): Promise<readonly AdminKey[]> {
    return this.#db.all<Row>(`SELECT ${columns} FROM admin_key ORDER BY name`).map(toAdminKey);
  }

  async touch(name: string, now: number): Promise<void> {
    const sql = 'UPDATE admin_key SET last_used_at = @now WHERE name = @name';
    await this.#db.write(() => this.#db.run(sql, { name, now }));
  }

  async delete(name: string, entry: AuditEntry): Promise<boolean> {
    const sql = 'DELETE FROM admin_key WHERE name = @name';
    return this.#audit.writeRow(() => this.#db.run(sql, { name }), entry);
  }

  #insert(key: NewAdminKey, condition: string, entry: AuditEntry): Promise<boolean> {
    const sql = `INSERT INTO admin_key (name, hash, role, gates, max_ttl, created_at, expires_at)
       SELECT @name, @hash, @role, @gates, @maxTtl, @createdAt, @expiresAt ${condition}`;
    const values = {
      name: key.name,
      hash: key.hash,
      role: key.role,
      gates: JSON.stringify(key.gates),
      maxTtl: key.maxTtl ?? null,
      createdAt: key.createdAt,
      expiresAt: key.expiresAt ?? null,
    };
    return this.#audit.writeRow(() => this.#db.run(sql, values), entry);
  }
}

function toAdminKey(row: Row): AdminKey {
  return {
    name: row.name,
    role: row.role,
    gates: JSON.parse(row.gates) as string[],
    maxTtl: row.max_ttl ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}
