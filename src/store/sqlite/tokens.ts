import type { AuditEntry } from '../../core/model/audit.ts';
import type { TokenKind } from '../../core/model/identity.ts';
import type { Token } from '../../core/model/token.ts';
import type {
  NewSession,
  NewToken,
  SessionLimits,
  TokenChanges,
  TokenCount,
  TokenFilter,
  TokenPage,
  TokenStore,
} from '../port/tokens.ts';
import type { AuditWriter } from './audit-writer.ts';
import type { SqliteConnection } from './connection.ts';
import { LastUses } from './last-uses.ts';
import { endSurplusSessions, openedTooOften } from './session-limits.ts';
import { TokenCounter } from './token-counter.ts';
import { insertToken } from './token-insert.ts';
import { filterConditions, listRows, stateConditions } from './token-list.ts';
import { TokenLookup } from './token-lookup.ts';
import { toToken } from './token-row.ts';

const revokeWhere = 'UPDATE token SET revoked_at = @now WHERE revoked_at IS NULL AND';

/** Tokens, tickets and sessions in SQLite. */
export class SqliteTokens implements TokenStore {
  readonly #db: SqliteConnection;
  readonly #audit: AuditWriter;
  readonly #lookup: TokenLookup;
  readonly #lastUses: LastUses;
  readonly #counter: TokenCounter;

  constructor(db: SqliteConnection, audit: AuditWriter) {
    this.#db = db;
    this.#audit = audit;
    this.#lookup = new TokenLookup(db);
    this.#lastUses = new LastUses(db);
    this.#counter = new TokenCounter(db.path);
  }

  async insert(token: NewToken, entry: AuditEntry): Promise<void> {
    await this.#audit.write(
      () => insertToken(this.#db, token),
      () => [entry],
    );
  }

  openSession(
    session: NewSession,
    limits: SessionLimits,
    { opened, ended }: { opened: AuditEntry; ended: (tokenId: string) => AuditEntry },
  ): Promise<{ ended: readonly string[] } | { fullSince: number }> {
    return this.#audit.write(
      () => this.#openSession(session, limits),
      (outcome) => ('ended' in outcome ? [...outcome.ended.map(ended), opened] : []),
    );
  }

  findByHash(hash: Uint8Array): Token | undefined {
    return this.#lookup.byHash(hash);
  }

  async findById(id: string): Promise<Token | undefined> {
    return this.#lookup.byId(id);
  }

  async list(
    filter: TokenFilter,
    { now, limit, cursor }: { now: number; limit: number; cursor?: string },
  ): Promise<TokenPage> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    if (Number.isNaN(before)) return { tokens: [], nextCursor: undefined };
    // One more than asked for tells whether there is another page.
    const rows = await listRows(this.#db, filter, { now, limit: limit + 1, before });
    const page = rows.slice(0, limit);
    return {
      tokens: page.map(toToken),
      nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : undefined,
    };
  }

  redeem(id: string, now: number, entry: AuditEntry): Promise<boolean> {
    const sql = `UPDATE token
       SET uses = uses + 1, used_up_at = CASE WHEN uses + 1 >= max_uses THEN @now END,
         last_used_at = @now
       WHERE id = @id AND max_uses IS NOT NULL AND ${stateConditions.active}`;
    return this.#audit.writeRow(() => this.#db.run(sql, { id, now }), entry);
  }

  update(id: string, changes: TokenChanges, entry: AuditEntry): Promise<boolean> {
    const { label, claims, expiresAt } = changes;
    const assignments = [
      ...(label === undefined ? [] : ['label = @label']),
      ...(claims === undefined ? [] : ['claims = @claims']),
      ...(expiresAt === undefined ? [] : ['expires_at = @expiresAt']),
    ];
    const sql = `UPDATE token SET ${assignments.join(', ') || 'id = id'} WHERE id = @id AND revoked_at IS NULL`;
    const values = { id, label, expiresAt, claims: JSON.stringify(claims) };
    return this.#audit.writeRow(() => this.#runAndInvalidate(sql, values), entry);
  }

  rotate(
    id: string,
    { hash, previousUntil }: { hash: Uint8Array; previousUntil: number },
    entry: AuditEntry,
  ): Promise<boolean> {
    const sql = `UPDATE token SET previous_hash = hash, previous_until = @previousUntil, hash = @hash
       WHERE id = @id AND revoked_at IS NULL`;
    const values = { id, hash, previousUntil };
    return this.#audit.writeRow(() => this.#runAndInvalidate(sql, values), entry);
  }

  async renew(id: string, expiresAt: number): Promise<void> {
    const sql = `UPDATE token SET expires_at = min(@expiresAt, renewable_until)
       WHERE id = @id AND kind = 'session' AND revoked_at IS NULL`;
    await this.#db.write(() => this.#runAndInvalidate(sql, { id, expiresAt }));
  }

  async revoke(id: string, now: number, entry: AuditEntry): Promise<boolean> {
    const { tokens } = await this.#audit.write(
      () => this.#revoke(id, now),
      ({ tokens, sessions }) => countedEntry(entry, tokens + sessions),
    );
    return tokens === 1;
  }

  revokeAll(
    filter: Pick<TokenFilter, 'subject' | 'gate'>,
    now: number,
    entry: AuditEntry,
  ): Promise<number> {
    return this.#audit.write(
      () => this.#revokeAll(filter, now),
      (count) => countedEntry(entry, count),
    );
  }

  touch(id: string, now: number): void {
    this.#lastUses.record(id, now);
  }

  count(now: number): Promise<readonly TokenCount[]> {
    return this.#counter.count(now);
  }

  async prune(kind: TokenKind, endedBefore: number, limit: number): Promise<number> {
    const sql = `DELETE FROM token WHERE seq IN (
         SELECT seq FROM token WHERE kind = @kind AND ended_at < @endedBefore LIMIT @limit
       ) RETURNING id`;
    return this.#db.write(() => {
      const rows = this.#db.all<{ id: string }>(sql, { kind, endedBefore, limit });
      for (const { id } of rows) this.#lookup.invalidate(id);
      return rows.length;
    }, 'relaxed');
  }

  /** Queues the pending relaxed writes and cancels counts, before the store is closed. */
  finish(): Promise<unknown> | undefined {
    this.#lastUses.flush();
    return this.#counter.close();
  }

  #openSession(
    session: NewSession,
    limits: SessionLimits,
  ): { ended: readonly string[] } | { fullSince: number } {
    const fullSince = openedTooOften(this.#db, session, limits);
    if (fullSince !== undefined) return { fullSince };
    const ended = endSurplusSessions(this.#db, session, limits);
    for (const id of ended) this.#lookup.invalidate(id);
    insertToken(this.#db, session);
    return { ended };
  }

  #revoke(id: string, now: number): { tokens: number; sessions: number } {
    this.#lookup.invalidate(id);
    const sessions = this.#db.run(`${revokeWhere} parent = @id`, { id, now }).changes;
    if (sessions > 0) this.#lookup.invalidateAll();
    const tokens = this.#db.run(`${revokeWhere} id = @id`, { id, now }).changes;
    return { tokens, sessions };
  }

  #revokeAll(filter: Pick<TokenFilter, 'subject' | 'gate'>, now: number): number {
    const conditions = [...filterConditions(filter), 'revoked_at IS NULL'];
    const ids = `SELECT id FROM token WHERE ${conditions.join(' AND ')}`;
    const values = { ...filter, now };
    this.#lookup.invalidateAll();
    const sessions = this.#db.run(`${revokeWhere} parent IN (${ids})`, values).changes;
    return sessions + this.#db.run(`${revokeWhere} id IN (${ids})`, values).changes;
  }

  /** Runs a statement that changes one token, as part of a write. */
  #runAndInvalidate(
    sql: string,
    values: { readonly id: string } & Record<string, unknown>,
  ): { changes: number } {
    this.#lookup.invalidate(values.id);
    return this.#db.run(sql, values);
  }
}

function countedEntry(entry: AuditEntry, count: number): readonly AuditEntry[] {
  return count > 0 ? [{ ...entry, count }] : [];
}
