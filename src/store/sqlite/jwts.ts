import type { AuditEntry } from '../../core/model/audit.ts';
import type { JwtReference } from '../../core/model/identity.ts';
import type { JwtRevocation, JwtRevocationPage, JwtStore } from '../port/jwts.ts';
import type { AuditWriter } from './audit-writer.ts';
import type { SqliteConnection } from './connection.ts';

interface Row {
  seq: number;
  iss: string;
  jti: string | null;
  subject: string | null;
  issued_before: number | null;
  revoked_at: number;
  expires_at: number | null;
}

const columns = 'seq, iss, jti, subject, issued_before, revoked_at, expires_at';

// Expired rows count until they are pruned: a clock may have been set back.
const isRevoked = `(
  EXISTS (SELECT 1 FROM jwt_revocation WHERE iss = @iss AND jti = @jti)
  OR EXISTS (
    SELECT 1 FROM jwt_revocation
    WHERE iss = @iss AND subject = @subject AND (@issuedAt IS NULL OR @issuedAt <= issued_before)
  )
)`;

const neverSeen = { revoked: false, used: false } as const;

/** Revocations and uses of JWTs in SQLite. */
export class SqliteJwts implements JwtStore {
  readonly #db: SqliteConnection;
  readonly #audit: AuditWriter;
  /**
   * A version of the database that had no revocation and no use; reset by this process's own writes. Most
   * issuers' JWTs just expire, and a look-up of each takes as long as the rest of a decision.
   */
  #emptyAt: number | undefined;

  constructor(db: SqliteConnection, audit: AuditWriter) {
    this.#db = db;
    this.#audit = audit;
  }

  find(jwt: JwtReference): { revoked: boolean; used: boolean } {
    // Read before the look-up: a write between the two then shows as a new version.
    const version = this.#db.version();
    if (version === this.#emptyAt) return neverSeen;
    const sql = `SELECT ${isRevoked} AS revoked,
       EXISTS (SELECT 1 FROM jwt_use WHERE iss = @iss AND jti = @jti) AS used,
       EXISTS (SELECT 1 FROM jwt_revocation) OR EXISTS (SELECT 1 FROM jwt_use) AS any`;
    const row = this.#db.get<{ revoked: number; used: number; any: number }>(sql, values(jwt));
    this.#emptyAt = row?.any === 0 ? version : undefined;
    return { revoked: row?.revoked !== 0, used: row?.used !== 0 };
  }

  async redeem(
    jwt: JwtReference & { jti: string },
    expiresAt: number,
    now: number,
    entry: AuditEntry,
  ): Promise<boolean> {
    const sql = `INSERT INTO jwt_use (iss, jti, used_at, expires_at)
       SELECT @iss, @jti, @now, @expiresAt WHERE NOT ${isRevoked}
       ON CONFLICT DO NOTHING`;
    const use = { ...values(jwt), now, expiresAt };
    return this.#audit.writeRow(() => this.#run(sql, use), entry);
  }

  async revoke(revocation: JwtRevocation, entry: AuditEntry): Promise<JwtRevocation> {
    const { iss, target, revokedAt, expiresAt } = revocation;
    const [jti, subject, issuedBefore] =
      'jti' in target ? [target.jti, null, null] : [null, target.subject, target.issuedBefore];
    const conflict = jti === null ? '(iss, subject) WHERE subject' : '(iss, jti) WHERE jti';
    // max() of NULL is NULL: a revocation without an expiry reaches furthest.
    const sql = `INSERT INTO jwt_revocation (iss, jti, subject, issued_before, revoked_at, expires_at)
       VALUES (@iss, @jti, @subject, @issuedBefore, @revokedAt, @expiresAt)
       ON CONFLICT ${conflict} IS NOT NULL DO UPDATE SET
         issued_before = max(issued_before, excluded.issued_before),
         expires_at = max(expires_at, excluded.expires_at)`;
    const stored = `SELECT ${columns} FROM jwt_revocation
       WHERE iss = @iss AND (jti = @jti OR subject = @subject)`;
    const values = { iss, jti, subject, issuedBefore, revokedAt, expiresAt: expiresAt ?? null };
    const { row } = await this.#audit.write(
      () => ({ ...this.#run(sql, values), row: this.#db.get<Row>(stored, { iss, jti, subject }) }),
      ({ changes }) => (changes > 0 ? [entry] : []),
    );
    return row === undefined ? revocation : toRevocation(row);
  }

  async list({ limit, cursor }: { limit: number; cursor?: string }): Promise<JwtRevocationPage> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    if (Number.isNaN(before)) return { revocations: [], nextCursor: undefined };
    const sql = `SELECT ${columns} FROM jwt_revocation WHERE seq < @before ORDER BY seq DESC LIMIT @limit`;
    // One more than asked for tells whether there is another page.
    const rows = this.#db.all<Row>(sql, { before, limit: limit + 1 });
    const page = rows.slice(0, limit);
    return {
      revocations: page.map(toRevocation),
      nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : undefined,
    };
  }

  async prune(expiredBefore: number, limit: number): Promise<number> {
    const values = { expiredBefore, limit };
    const revocations = `DELETE FROM jwt_revocation WHERE seq IN (
         SELECT seq FROM jwt_revocation WHERE expires_at < @expiredBefore LIMIT @limit
       )`;
    const uses = `DELETE FROM jwt_use WHERE (iss, jti) IN (
         SELECT iss, jti FROM jwt_use WHERE expires_at < @expiredBefore LIMIT @limit
       )`;
    return this.#db.write(() => {
      const { changes } = this.#db.run(revocations, values);
      const rest = limit - changes;
      return changes + (rest > 0 ? this.#db.run(uses, { ...values, limit: rest }).changes : 0);
    }, 'relaxed');
  }

  /** Runs a statement that adds a revocation or a use, as part of a write. */
  #run(sql: string, values: Record<string, unknown>): { changes: number } {
    this.#emptyAt = undefined;
    return this.#db.run(sql, values);
  }
}

function values({ iss, jti, subject, issuedAt }: JwtReference): Record<string, unknown> {
  return { iss, jti: jti ?? null, subject, issuedAt: issuedAt ?? null };
}

function toRevocation(row: Row): JwtRevocation {
  return {
    iss: row.iss,
    target:
      row.subject === null
        ? { jti: row.jti ?? '' }
        : { subject: row.subject, issuedBefore: row.issued_before ?? 0 },
    revokedAt: row.revoked_at,
    expiresAt: row.expires_at ?? undefined,
  };
}
