import { type Bounds, type Claims, type JwtKey, unbounded } from '../../core/identity.ts';
import type { Token, TokenKind, TokenState } from '../../core/token.ts';
import type { NewToken, TokenChanges, TokenFilter, TokenPage, TokenStore } from '../store.ts';
import type { SqliteConnection } from './connection.ts';

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
  jwt: string | null;
  created_at: number;
  not_before: number | null;
  expires_at: number | null;
  revoked_at: number | null;
  max_uses: number | null;
  uses: number;
  /** Only in a row that was found by the secret from before a rotation. */
  previous_until?: number | null;
}

const columns = `token.seq, id, kind, subject, label, claims, bounds, weak, jwt, created_at, not_before, expires_at,
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

/** Tokens, tickets and sessions in SQLite. */
export class SqliteTokens implements TokenStore {
  readonly #db: SqliteConnection;

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  async insert(token: NewToken): Promise<void> {
    const insertToken = `INSERT INTO token
         (id, hash, kind, subject, label, claims, bounds, weak, parent, jwt, renewable_until, created_at, not_before, expires_at, max_uses)
       VALUES (@id, @hash, @kind, @subject, @label, @claims, @bounds, @weak, @parent, @jwt, @renewableUntil, @createdAt, @notBefore, @expiresAt, @maxUses)`;
    const insertGate = 'INSERT INTO token_gate (gate, token_seq) VALUES (@gate, @seq)';
    this.#db.transaction(() => {
      const { lastId: seq } = this.#db.run(insertToken, {
        id: token.id,
        hash: token.hash,
        kind: token.kind,
        subject: token.subject,
        label: token.label ?? null,
        claims: JSON.stringify(token.claims),
        bounds: renderBounds(token.bounds),
        weak: token.weak ? 1 : 0,
        parent: token.parent ?? null,
        jwt: token.jwt === undefined ? null : JSON.stringify(token.jwt),
        renewableUntil: token.renewableUntil ?? null,
        createdAt: token.createdAt,
        notBefore: token.notBefore ?? null,
        expiresAt: token.expiresAt ?? null,
        maxUses: token.maxUses ?? null,
      });
      for (const gate of token.bounds.gates) this.#db.run(insertGate, { gate, seq });
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
    const sql = `SELECT ${columns} FROM token WHERE ${conditions.join(' AND ') || 'TRUE'} ORDER BY token.seq DESC LIMIT @limit`;
    // One more than asked for tells whether there is another page.
    const rows = this.#db.all<Row>(sql, { ...filter, now, limit: limit + 1, before });
    const page = rows.slice(0, limit);
    return {
      tokens: page.map(toToken),
      nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : undefined,
    };
  }

  async redeem(id: string, now: number): Promise<boolean> {
    const sql = `UPDATE token
       SET uses = uses + 1, used_up_at = CASE WHEN uses + 1 >= max_uses THEN @now END
       WHERE id = @id AND max_uses IS NOT NULL AND ${inState.active}`;
    return this.#db.run(sql, { id, now }).changes === 1;
  }

  async update(id: string, changes: TokenChanges): Promise<boolean> {
    const { label, claims, expiresAt } = changes;
    const assignments = [
      ...(label === undefined ? [] : ['label = @label']),
      ...(claims === undefined ? [] : ['claims = @claims']),
      ...(expiresAt === undefined ? [] : ['expires_at = @expiresAt']),
    ];
    const sql = `UPDATE token SET ${assignments.join(', ') || 'id = id'} WHERE id = @id AND revoked_at IS NULL`;
    const values = { id, label, expiresAt, claims: JSON.stringify(claims) };
    return this.#db.run(sql, values).changes === 1;
  }

  async rotate(
    id: string,
    { hash, previousUntil }: { hash: Uint8Array; previousUntil: number },
  ): Promise<boolean> {
    const sql = `UPDATE token SET previous_hash = hash, previous_until = @previousUntil, hash = @hash
       WHERE id = @id AND revoked_at IS NULL`;
    return this.#db.run(sql, { id, hash, previousUntil }).changes === 1;
  }

  async renew(id: string, expiresAt: number): Promise<void> {
    const sql = `UPDATE token SET expires_at = min(@expiresAt, renewable_until)
       WHERE id = @id AND kind = 'session' AND revoked_at IS NULL`;
    this.#db.run(sql, { id, expiresAt });
  }

  async revoke(id: string, now: number): Promise<boolean> {
    const end = 'UPDATE token SET revoked_at = @now WHERE revoked_at IS NULL AND';
    return this.#db.transaction(() => {
      this.#db.run(`${end} parent = @id`, { id, now });
      return this.#db.run(`${end} id = @id`, { id, now }).changes === 1;
    });
  }

  async revokeAll(filter: Pick<TokenFilter, 'subject' | 'gate'>, now: number): Promise<number> {
    const conditions = [...matching(filter), 'revoked_at IS NULL'];
    const ids = `SELECT id FROM token WHERE ${conditions.join(' AND ')}`;
    const end = 'UPDATE token SET revoked_at = @now WHERE revoked_at IS NULL AND';
    const values = { ...filter, now };
    return this.#db.transaction(() => {
      const sessions = this.#db.run(`${end} parent IN (${ids})`, values).changes;
      return sessions + this.#db.run(`${end} id IN (${ids})`, values).changes;
    });
  }

  async prune(kind: TokenKind, endedBefore: number, limit: number): Promise<number> {
    const sql = `DELETE FROM token WHERE seq IN (
         SELECT seq FROM token WHERE kind = @kind AND ended_at < @endedBefore LIMIT @limit
       )`;
    return this.#db.run(sql, { kind, endedBefore, limit }).changes;
  }

  #find(sql: string, values: Record<string, unknown>): Token | undefined {
    const row = this.#db.get<Row>(sql, values);
    return row && toToken(row);
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
    ...(row.jwt !== null && { jwt: toJwtKey(row.jwt) }),
    ...(row.previous_until !== undefined && { secretUntil: row.previous_until ?? 0 }),
  };
}

/** JSON leaves out what is undefined. */
function toJwtKey(text: string): JwtKey {
  const { iss, subject, jti, issuedAt } = JSON.parse(text) as JwtKey;
  return { iss, subject, jti, issuedAt };
}
