import { LRUCache } from 'lru-cache';
import type { Token } from '../../core/model/token.ts';

/** Tokens that are kept at most; one takes about a kilobyte. */
const capacity = 10_000;

/** A token as it was read when the database had this version. */
interface Kept {
  readonly token: Token;
  readonly version: number;
}

/**
 * Tokens that are looked up again and again, by the hash of their secret. Only those are kept that
 * stay as they are until somebody changes them: no counted ones, and none found by an old secret.
 */
export class TokenCache {
  readonly #kept: LRUCache<string, Kept>;
  /** By the token's id. */
  readonly #keyOf = new Map<string, string>();
  /** Of hashes that are the same object each time, as those of remembered secrets are. */
  readonly #keys = new WeakMap<Uint8Array, string>();

  constructor() {
    this.#kept = new LRUCache({
      max: capacity,
      dispose: ({ token }) => void this.#keyOf.delete(token.id),
    });
  }

  /** What is kept. It counts only while the database has the version that it was read at. */
  find(hash: Uint8Array): Kept | undefined {
    return this.#kept.get(this.#key(hash));
  }

  /** Keeps a token that was read when the database had this version, or a later one. */
  keep(hash: Uint8Array, token: Token, version: number): void {
    if (token.maxUses !== undefined || token.secretUntil !== undefined) return;
    const key = this.#key(hash);
    this.#keys.set(hash, key);
    this.#kept.set(key, { token, version });
    this.#keyOf.set(token.id, key);
  }

  /** Forgets a token that is about to change. */
  forget(id: string): void {
    const key = this.#keyOf.get(id);
    if (key !== undefined) this.#kept.delete(key);
  }

  /** Forgets all of them. */
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
