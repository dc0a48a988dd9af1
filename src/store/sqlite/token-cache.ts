import { LRUCache } from 'lru-cache';
import type { Token } from '../../core/model/token.ts';

/** Cached tokens at most; one takes about a kilobyte. */
const capacity = 10_000;

/** A token and the version of the database that it was read at. */
interface CachedToken {
  readonly token: Token;
  readonly version: number;
}

/**
 * LRU cache of tokens by the hash of their secret. It holds only tokens that stay as they are until a write
 * changes them: no counted ones, and none that were found by an old secret.
 */
export class TokenCache {
  readonly #kept: LRUCache<string, CachedToken>;
  /** Cache keys by token id. */
  readonly #keyOf = new Map<string, string>();
  /** Cache keys of hashes that are the same object each time, as those of cached secrets are. */
  readonly #keys = new WeakMap<Uint8Array, string>();

  constructor() {
    this.#kept = new LRUCache({
      max: capacity,
      dispose: ({ token }) => void this.#keyOf.delete(token.id),
    });
  }

  /** Finds a token. It is valid only while the database has the version that it was read at. */
  find(hash: Uint8Array): CachedToken | undefined {
    return this.#kept.get(this.#key(hash));
  }

  /** Caches a token that was read at this version of the database, or a later one. */
  set(hash: Uint8Array, token: Token, version: number): void {
    if (token.maxUses !== undefined || token.secretUntil !== undefined) return;
    const key = this.#key(hash);
    this.#keys.set(hash, key);
    this.#kept.set(key, { token, version });
    this.#keyOf.set(token.id, key);
  }

  /** Drops a token that is about to change. */
  invalidate(id: string): void {
    const key = this.#keyOf.get(id);
    if (key !== undefined) this.#kept.delete(key);
  }

  /** Drops all tokens. */
  clear(): void {
    this.#kept.clear();
    this.#keyOf.clear();
  }

  #key(hash: Uint8Array): string {
    return (
      this.#keys.get(hash) ??
      Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')
    );
  }
}
