import type { AuditEntry } from '../../core/model/audit.ts';
import type { TokenKind } from '../../core/model/identity.ts';
import type { Token } from '../../core/model/token.ts';
import { AdmissionFilter } from '../../lib/admission-filter.ts';
import type {
  NewSession,
  NewToken,
  SessionLimits,
  TokenChanges,
  TokenCount,
  TokenFilter,
  TokenPage,
  TokenStore,
} from '../port.ts';
import type { SqliteAudit } from './audit.ts';
import type { SqliteConnection } from './connection.ts';
import { LastUses } from './last-uses.ts';
import { TokenCache } from './token-cache.ts';
import { TokenCounter } from './token-counter.ts';
import { inState, listRows, matching } from './token-list.ts';
import { columns, renderBounds, type TokenRow, toToken } from './token-row.ts';

// One statement for both secrets of a token; the second half runs only when the first finds nothing.
const byHash = `SELECT ${columns}, NULL AS previous_until FROM token WHERE hash = @hash
  UNION ALL
  SELECT ${columns}, ifnull(previous_until, 0) FROM token WHERE previous_hash = @hash`;

/** Bytes of a SHA-256. */
const hashLength = 32;

const endOne = 'UPDATE token SET revoked_at = @now WHERE revoked_at IS NULL AND';

/** Of the sessions of a parent, ended or not, the one that so many others came after. */
const nthNewest = `SELECT created_at AS createdAt FROM token WHERE parent = @parent
  ORDER BY seq DESC LIMIT 1 OFFSET @others`;

/** Those that live beyond the newest ones, which are kept. */
function surplusOf(owner: 'parent' | 'subject'): string {
  return `SELECT id FROM token WHERE seq IN (
      SELECT seq FROM token INDEXED BY token_session_by_${owner}
      WHERE ${owner} = @${owner} AND kind = 'session' AND revoked_at IS NULL AND expires_at > @now
      ORDER BY seq DESC LIMIT -1 OFFSET @kept
    )`;
}

/** Tokens, tickets and sessions in SQLite. */
export class SqliteTokens implements TokenStore {
  readonly #db: SqliteConnection;
  readonly #audit: SqliteAudit;
  readonly #cache = new TokenCache();
  readonly #seen = new AdmissionFilter();
  readonly #lastUses: LastUses;
  readonly #counter: TokenCounter;

  constructor(db: SqliteConnection, audit: SqliteAudit) {
    this.#db = db;
    this.#audit = audit;
    this.#lastUses = new LastUses(db);
    this.#counter = new TokenCounter(db.path);
  }

  async insert(token: NewToken, entry: AuditEntry): Promise<void> {
    await this.#db.write(() => this.#audit.changing(entry, () => this.#insert(token)));
  }

  async openSession(
    session: NewSession,
    { perParent, perSubject, openedSince }: SessionLimits,
    { opened, ended }: { opened: AuditEntry; ended: (tokenId: string) => AuditEntry },
  ): Promise<{ ended: readonly string[] } | { fullSince: number }> {
    const { createdAt: now } = session;
    const open = () => {
      const first = this.#db.get<{ createdAt: number }>(nthNewest, {
        parent: session.parent,
        others: perParent - 1,
      });
      if (first !== undefined && first.createdAt > openedSince) {
        return { fullSince: first.createdAt };
      }
      const end = (sql: string, kept: number) => {
        const { parent, subject } = session;
        const ids = this.#db.all<{ id: string }>(sql, { parent, subject, now, kept });
        for (const { id } of ids) {
          this.#db.run(`${endOne} id = @id`, { id, now });
          this.#cache.forget(id);
          this.#audit.add(ended(id));
        }
        return ids.map(({ id }) => id);
      };
      const tooMany = [
        ...end(surplusOf('parent'), perParent - 1),
        ...end(surplusOf('subject'), perSubject - 1),
      ];
      this.#insert(session);
      this.#audit.add(opened);
      return { ended: tooMany };
    };
    return this.#db.write(() => this.#db.together(open));
  }

  findByHash(hash: Uint8Array): Token | undefined {
    const kept = this.#cache.find(hash);
    // Another process may have written: asking that costs a quarter of a look-up.
    if (kept !== undefined && kept.version === this.#db.version()) return kept.token;
    if (hash.length !== hashLength || !this.#seen.seenBefore(hash)) {
      return this.#find(byHash, { hash });
    }
    // Before the look-up: what is written between the two is then seen as a new version.
    const version = this.#db.version();
    const token = this.#find(byHash, { hash });
    if (token !== undefined) this.#cache.keep(hash, token, version);
    return token;
  }

  async findById(id: string): Promise<Token | undefined> {
    return this.#find(`SELECT ${columns} FROM token WHERE id = @id`, { id });
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

  async redeem(id: string, now: number, entry: AuditEntry): Promise<boolean> {
    const sql = `UPDATE token
       SET uses = uses + 1, used_up_at = CASE WHEN uses + 1 >= max_uses THEN @now END,
         last_used_at = @now
       WHERE id = @id AND max_uses IS NOT NULL AND ${inState.active}`;
    return this.#db.write(() => this.#audit.changing(entry, () => this.#db.run(sql, { id, now })));
  }

  async update(id: string, changes: TokenChanges, entry: AuditEntry): Promise<boolean> {
    const { label, claims, expiresAt } = changes;
    const assignments = [
      ...(label === undefined ? [] : ['label = @label']),
      ...(claims === undefined ? [] : ['claims = @claims']),
      ...(expiresAt === undefined ? [] : ['expires_at = @expiresAt']),
    ];
    const sql = `UPDATE token SET ${assignments.join(', ') || 'id = id'} WHERE id = @id AND revoked_at IS NULL`;
    const values = { id, label, expiresAt, claims: JSON.stringify(claims) };
    return this.#change(id, entry, () => this.#db.run(sql, values));
  }

  async rotate(
    id: string,
    { hash, previousUntil }: { hash: Uint8Array; previousUntil: number },
    entry: AuditEntry,
  ): Promise<boolean> {
    const sql = `UPDATE token SET previous_hash = hash, previous_until = @previousUntil, hash = @hash
       WHERE id = @id AND revoked_at IS NULL`;
    return this.#change(id, entry, () => this.#db.run(sql, { id, hash, previousUntil }));
  }

  async renew(id: string, expiresAt: number): Promise<void> {
    const sql = `UPDATE token SET expires_at = min(@expiresAt, renewable_until)
       WHERE id = @id AND kind = 'session' AND revoked_at IS NULL`;
    await this.#db.write(() => {
      this.#cache.forget(id);
      this.#db.run(sql, { id, expiresAt });
    });
  }

  async revoke(id: string, now: number, entry: AuditEntry): Promise<boolean> {
    const revoke = () => {
      const sessions = this.#db.run(`${endOne} parent = @id`, { id, now }).changes;
      if (sessions > 0) this.#cache.clear();
      const tokens = this.#db.run(`${endOne} id = @id`, { id, now }).changes;
      return { tokens, count: tokens + sessions };
    };
    const { tokens } = await this.#db.write(() => {
      this.#cache.forget(id);
      return this.#audit.recording(revoke, ({ count }) => counted(entry, count));
    });
    return tokens === 1;
  }

  async revokeAll(
    filter: Pick<TokenFilter, 'subject' | 'gate'>,
    now: number,
    entry: AuditEntry,
  ): Promise<number> {
    const conditions = [...matching(filter), 'revoked_at IS NULL'];
    const ids = `SELECT id FROM token WHERE ${conditions.join(' AND ')}`;
    const values = { ...filter, now };
    const revoke = () => {
      this.#cache.clear();
      const sessions = this.#db.run(`${endOne} parent IN (${ids})`, values).changes;
      return sessions + this.#db.run(`${endOne} id IN (${ids})`, values).changes;
    };
    return this.#db.write(() => this.#audit.recording(revoke, (count) => counted(entry, count)));
  }

  count(now: number): Promise<readonly TokenCount[]> {
    return this.#counter.count(now);
  }

  async prune(kind: TokenKind, endedBefore: number, limit: number): Promise<number> {
    const sql = `DELETE FROM token WHERE seq IN (
         SELECT seq FROM token WHERE kind = @kind AND ended_at < @endedBefore LIMIT @limit
       ) RETURNING id`;
    return this.#db.writeBehind(() => {
      const rows = this.#db.all<{ id: string }>(sql, { kind, endedBefore, limit });
      for (const { id } of rows) this.#cache.forget(id);
      return rows.length;
    });
  }

  touch(id: string, now: number): void {
    this.#lastUses.note(id, now);
  }

  /**
   * Hands what is written behind over to be written, now that the store is about to be closed, and
   * gives up counting; a promise where that takes a moment.
   */
  finish(): Promise<unknown> | undefined {
    this.#lastUses.finish();
    return this.#counter.close();
  }

  /** Adds a token, as part of `write`. */
  #insert(token: NewToken): { changes: number } {
    const insertToken = `INSERT INTO token
         (id, hash, kind, subject, label, claims, bounds, weak, parent, jwt, renewable_until, created_at, not_before, expires_at, max_uses)
       VALUES (@id, @hash, @kind, @subject, @label, @claims, @bounds, @weak, @parent, @jwt, @renewableUntil, @createdAt, @notBefore, @expiresAt, @maxUses)`;
    const insertGate = 'INSERT INTO token_gate (gate, token_seq) VALUES (@gate, @seq)';
    const { lastId: seq } = this.#db.run(insertToken, {
      id: token.id,
      hash: token.hash,
      kind: token.kind,
      subject: token.subject,
      label: token.label ?? null,
      claims: JSON.stringify(token.claims),
      bounds: renderBounds(token.restrictions),
      weak: token.weak ? 1 : 0,
      parent: token.parent ?? null,
      jwt: token.jwt === undefined ? null : JSON.stringify(token.jwt),
      renewableUntil: token.renewableUntil ?? null,
      createdAt: token.createdAt,
      notBefore: token.notBefore ?? null,
      expiresAt: token.expiresAt ?? null,
      maxUses: token.maxUses ?? null,
    });
    for (const gate of token.restrictions.gates) this.#db.run(insertGate, { gate, seq });
    return { changes: 1 };
  }

  /** Changes a token that may be kept in memory; whether there was anything to change. */
  #change(id: string, entry: AuditEntry, work: () => { changes: number }): Promise<boolean> {
    return this.#db.write(() => {
      this.#cache.forget(id);
      return this.#audit.changing(entry, work);
    });
  }

  #find(sql: string, values: Record<string, unknown>): Token | undefined {
    const row = this.#db.get<TokenRow>(sql, values);
    return row && toToken(row);
  }
}

function counted(entry: AuditEntry, count: number): AuditEntry | undefined {
  return count > 0 ? { ...entry, count } : undefined;
}
