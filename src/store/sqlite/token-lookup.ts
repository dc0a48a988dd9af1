import type { Token } from '../../core/model/token.ts';
import { AdmissionFilter } from '../../lib/admission-filter.ts';
import type { SqliteConnection } from './connection.ts';
import { TokenCache } from './token-cache.ts';
import { columns, type TokenRow, toToken } from './token-row.ts';

// One statement for both secrets of a token; the second half runs only when the first finds nothing.
const selectByHash = `SELECT ${columns}, NULL AS previous_until FROM token WHERE hash = @hash
  UNION ALL
  SELECT ${columns}, ifnull(previous_until, 0) FROM token WHERE previous_hash = @hash`;

const selectById = `SELECT ${columns} FROM token WHERE id = @id`;

/** Bytes of a SHA-256. */
const hashLength = 32;

/**
 * Looks tokens up, with a cache of those that come again. A cached token counts only while the database
 * has the version it was read at, which any other process's write changes; this process's own writes
 * invalidate it.
 */
export class TokenLookup {
  readonly #db: SqliteConnection;
  readonly #cache = new TokenCache();
  readonly #filter = new AdmissionFilter();

  constructor(db: SqliteConnection) {
    this.#db = db;
  }

  byHash(hash: Uint8Array): Token | undefined {
    const cached = this.#cache.find(hash);
    // Reading the version costs a quarter of a look-up.
    if (cached !== undefined && cached.version === this.#db.version()) return cached.token;
    if (hash.length !== hashLength || !this.#filter.seenBefore(hash)) {
      return this.#select(selectByHash, { hash });
    }
    // Read before the look-up: a write between the two then shows as a new version.
    const version = this.#db.version();
    const token = this.#select(selectByHash, { hash });
    if (token !== undefined) this.#cache.set(hash, token, version);
    return token;
  }

  byId(id: string): Token | undefined {
    return this.#select(selectById, { id });
  }

  /** To be called within the write that changes a token. */
  invalidate(id: string): void {
    this.#cache.invalidate(id);
  }

  /** To be called within a write that changes many tokens. */
  invalidateAll(): void {
    this.#cache.clear();
  }

  #select(sql: string, values: Record<string, unknown>): Token | undefined {
    const row = this.#db.get<TokenRow>(sql, values);
    return row && toToken(row);
  }
}
