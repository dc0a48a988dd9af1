import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database, { type Database as Connection, type Statement } from 'better-sqlite3';
import { type Bounds, type Claims, unbounded } from '../core/identity.ts';
import { OperatorError } from '../core/operator-error.ts';
import type { Token, TokenKind, TokenState } from '../core/token.ts';
import { sqliteMigrations } from '../resources.ts';
import { migrate } from './migrate.ts';
import {
  type NewToken,
  type StoredAdminKey,
  StoreUnavailable,
  type TokenChanges,
  type TokenFilter,
  type TokenPage,
  type TokenStore,
} from './store.ts';

/** How long a statement waits for another process's lock. A decision waits on it, so it is short. */
const busyTimeoutMs = 1_000;

/**
 * Opens the SQLite store in a directory, which is made when missing (mode 0700, the database 0600),
 * and brings its schema up to date. Throws OperatorError when it cannot be used.
 */
export function openSqliteStore(dataDir: string): TokenStore {
  const path = join(dataDir, 'postern.db');
  let db: Connection | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // SQLite gives its -wal and -shm files the mode of the database file.
    closeSync(openSync(path, 'a', 0o600));
    db = new Database(path, { timeout: busyTimeoutMs });
    configure(db, path);
    migrate(db, sqliteMigrations, path);
    return new SqliteStore(db);
  } catch (error) {
    db?.close();
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `cannot use the token store ${path}: ${(error as Error).message}. Check that data_dir (POSTERN_DATA_DIR) is a directory this user may write to and that the file is a SQLite database.`,
    );
  }
}

/**
 * Durability is a promise here: a revocation that was answered must outlive a power cut. The
 * library is compiled with a weaker default, so each setting is made and then read back.
 */
function configure(db: Connection, path: string): void {
  const wanted = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1 };
  for (const [name, value] of Object.entries(wanted)) {
    db.pragma(`${name} = ${value}`);
    if (db.pragma(name, { simple: true }) !== value) {
      throw new OperatorError(
        `cannot set ${name}=${value} on ${path}: Postern needs a local file system where SQLite's WAL works.`,
      );
    }
  }
}

interface Row {
  seq: number;
  id: string;
  kind: TokenKind;
  subject: string;
  label: string | null;
  claims: string;
  bounds: string | null;
  gates: string | null;
  weak: number;
  created_at: number;
  not_before: number | null;
  expires_at: number | null;
  revoked_at: number | null;
  max_uses: number | null;
  uses: number;
  /** Only in a row that was found by the secret from before a rotation. */
  previous_until?: number | null;
}

const columns = `token.seq, id, kind, subject, label, claims, bounds, weak, created_at, not_before, expires_at,
  revoked_at, max_uses, uses,
  (SELECT json_group_array(gate) FROM token_gate WHERE token_seq = token.seq) AS gates`;

const unended = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)';

const inState: Readonly<Record<TokenState, string>> = {
  active: `${unended} AND (max_uses IS NULL OR uses < max_uses) AND (not_before IS NULL OR not_before <= @now)`,
  pending: `${unended} AND (max_uses IS NULL OR uses < max_uses) AND not_before > @now`,
  used: `${unended} AND uses >= max_uses`,
  expired: 'revoked_at IS NULL AND expires_at <= @now',
  revoked: 'revoked_at IS NOT NULL',
};

class SqliteStore implements TokenStore {
  readonly #db: Connection;
  readonly #statements = new Map<string, Statement<[Record<string, unknown>]>>();

  constructor(db: Connection) {
    this.#db = db;
  }

  async insert(token: NewToken): Promise<void> {
    const insertToken = this.#prepare(
      `INSERT INTO token (id, hash, kind, subject, label, claims, bounds, weak, created_at, not_before, expires_at, max_uses)
       VALUES (@id, @hash, @kind, @subject, @label, @claims, @bounds, @weak, @createdAt, @notBefore, @expiresAt, @maxUses)`,
    );
    const insertGate = this.#prepare(
      'INSERT INTO token_gate (gate, token_seq) VALUES (@gate, @seq)',
    );
    this.#write(() => {
      const { lastInsertRowid: seq } = insertToken.run({
        id: token.id,
        hash: token.hash,
        kind: token.kind,
        subject: token.subject,
        label: token.label ?? null,
        claims: JSON.stringify(token.claims),
        bounds: renderBounds(token.bounds),
        weak: token.weak ? 1 : 0,
        createdAt: token.createdAt,
        notBefore: token.notBefore ?? null,
        expiresAt: token.expiresAt ?? null,
        maxUses: token.maxUses ?? null,
      });
      for (const gate of token.bounds.gates) insertGate.run({ gate, seq });
    });
  }

  async findByHash(hash: Uint8Array): Promise<Token | undefined> {
    return (
      this.#find(`SELECT ${columns} FROM token WHERE hash = @hash`, { hash }) ??
      this.#find(`SELECT ${columns}, previous_until FROM token WHERE previous_hash = @hash`, {
        hash,
      })
    );
  }

  async findById(id: string): Promise<Token | undefined> {
    return this.#find(`SELECT ${columns} FROM token WHERE id = @id`, { id });
  }

  async list(
    filter: TokenFilter,
    { now, limit, cursor }: { now: number; limit: number; cursor?: string },
  ): Promise<TokenPage> {
    const before = cursor === undefined ? undefined : Number(cursor);
    if (Number.isNaN(before)) return { tokens: [], nextCursor: undefined };
    const conditions = [
      ...matching(filter),
      ...(filter.state === undefined ? [] : [inState[filter.state]]),
      ...(before === undefined ? [] : ['token.seq < @before']),
    ];
    const statement = this.#prepare(
      `SELECT ${columns} FROM token WHERE ${conditions.join(' AND ') || 'TRUE'} ORDER BY token.seq DESC LIMIT @limit`,
    );
    // One more than asked for tells whether there is another page.
    const rows = this.#guard(() =>
      statement.all({ ...filter, now, limit: limit + 1, before }),
    ) as Row[];
    const page = rows.slice(0, limit);
    return {
      tokens: page.map(toToken),
      nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : undefined,
    };
  }

  async redeem(id: string, now: number): Promise<boolean> {
    const statement = this.#prepare(
      `UPDATE token
       SET uses = uses + 1, used_up_at = CASE WHEN uses + 1 >= max_uses THEN @now END
       WHERE id = @id AND max_uses IS NOT NULL AND ${inState.active}`,
    );
    return this.#guard(() => statement.run({ id, now }).changes === 1);
  }

  async update(id: string, changes: TokenChanges): Promise<boolean> {
    const { label, claims, expiresAt } = changes;
    const assignments = [
      ...(label === undefined ? [] : ['label = @label']),
      ...(claims === undefined ? [] : ['claims = @claims']),
      ...(expiresAt === undefined ? [] : ['expires_at = @expiresAt']),
    ];
    const statement = this.#prepare(
      `UPDATE token SET ${assignments.join(', ') || 'id = id'} WHERE id = @id AND revoked_at IS NULL`,
    );
    const values = { id, label, expiresAt, claims: JSON.stringify(claims) };
    return this.#guard(() => statement.run(values).changes === 1);
  }

  async rotate(
    id: string,
    { hash, previousUntil }: { hash: Uint8Array; previousUntil: number },
  ): Promise<boolean> {
    const statement = this.#prepare(
      `UPDATE token SET previous_hash = hash, previous_until = @previousUntil, hash = @hash
       WHERE id = @id AND revoked_at IS NULL`,
    );
    return this.#guard(() => statement.run({ id, hash, previousUntil }).changes === 1);
  }

  async revoke(id: string, now: number): Promise<boolean> {
    const statement = this.#prepare(
      'UPDATE token SET revoked_at = @now WHERE id = @id AND revoked_at IS NULL',
    );
    return this.#guard(() => statement.run({ id, now }).changes === 1);
  }

  async revokeAll(filter: Pick<TokenFilter, 'subject' | 'gate'>, now: number): Promise<number> {
    const conditions = [...matching(filter), 'revoked_at IS NULL'];
    const statement = this.#prepare(
      `UPDATE token SET revoked_at = @now WHERE ${conditions.join(' AND ')}`,
    );
    return this.#guard(() => statement.run({ ...filter, now }).changes);
  }

  async prune(kind: TokenKind, endedBefore: number, limit: number): Promise<number> {
    const statement = this.#prepare(
      `DELETE FROM token WHERE seq IN (
         SELECT seq FROM token WHERE kind = @kind AND ended_at < @endedBefore LIMIT @limit
       )`,
    );
    return this.#guard(() => statement.run({ kind, endedBefore, limit }).changes);
  }

  async listAdminKeys(): Promise<readonly StoredAdminKey[]> {
    const statement = this.#prepare('SELECT name, hash FROM admin_key ORDER BY name');
    return this.#guard(() => statement.all({})) as StoredAdminKey[];
  }

  async insertFirstAdminKey({ name, hash }: StoredAdminKey, now: number): Promise<boolean> {
    const statement = this.#prepare(
      `INSERT INTO admin_key (name, hash, created_at)
       SELECT @name, @hash, @now WHERE NOT EXISTS (SELECT 1 FROM admin_key)`,
    );
    return this.#guard(() => statement.run({ name, hash, now }).changes === 1);
  }

  async ping(): Promise<void> {
    const statement = this.#prepare('SELECT id FROM token LIMIT 1');
    this.#guard(() => statement.all({}));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #find(sql: string, parameters: Record<string, unknown>): Token | undefined {
    const statement = this.#prepare(sql);
    const row = this.#guard(() => statement.get(parameters)) as Row | undefined;
    return row && toToken(row);
  }

  #prepare(sql: string): Statement<[Record<string, unknown>]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#guard(() => this.#db.prepare<[Record<string, unknown>]>(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #write(work: () => void): void {
    this.#guard(() => this.#db.transaction(work).immediate());
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const message = this.#db.open ? (error as Error).message : 'the store is closed';
      throw new StoreUnavailable(`token store: ${message}`, { cause: error });
    }
  }
}

function matching(filter: Pick<TokenFilter, 'subject' | 'gate'>): string[] {
  return [
    ...(filter.subject === undefined ? [] : ['subject = @subject']),
    ...(filter.gate === undefined
      ? []
      : ['token.seq IN (SELECT token_seq FROM token_gate WHERE gate = @gate)']),
  ];
}

/** The bounds beside gates, which have a table of their own; NULL when there are none. */
function renderBounds({ paths, origins, networks }: Bounds): string | null {
  const isBound = paths.length + origins.length + networks.length > 0;
  return isBound ? JSON.stringify({ paths, origins, networks }) : null;
}

function toToken(row: Row): Token {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    label: row.label ?? undefined,
    claims: JSON.parse(row.claims) as Claims,
    bounds: {
      ...unbounded,
      ...(row.bounds !== null && (JSON.parse(row.bounds) as Partial<Bounds>)),
      gates: row.gates === null ? [] : (JSON.parse(row.gates) as string[]),
    },
    createdAt: row.created_at,
    notBefore: row.not_before ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    maxUses: row.max_uses ?? undefined,
    uses: row.uses,
    weak: row.weak === 1,
    ...(row.previous_until !== undefined && { secretUntil: row.previous_until ?? 0 }),
  };
}
