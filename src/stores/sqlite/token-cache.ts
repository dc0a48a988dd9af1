import { LRUCache } from 'lru-cache';
import type { Token } from '../../core/token.ts';

/** Tokens that are kept at most; one takes about a kilobyte. */
const capacity = 10_000;
/** Half of how many of the tokens that were looked up last are recognised when they come again. */
const seenPairs = 65_536;

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
  readonly #hashOf = new Map<string, string>();
  /**
   * Bits of the hashes seen lately. Where tokens come once each, keeping them would only cost. Two share
   * a place, or any two tokens of one place that come in turn would make each other forgotten for ever.
   */
  readonly #seen = new Uint32Array(2 * seenPairs);

  constructor() {
    this.#kept = new LRUCache({
      max: capacity,
      dispose: ({ token }) => void this.#hashOf.delete(token.id),
    });
  }

  /** What is kept. It counts only while the database has the version that it was read at. */
  find(hash: string): Kept | undefined {
    return this.#kept.get(hash);
  }

  /** Whether this hash was looked up a short while ago, so that it is worth keeping. */
  comesAgain(hash: Buffer): boolean {
    const seen = this.#seen;
    const place = 2 * (hash.readUInt32LE(0) % seenPairs);
    const mark = hash.readUInt32LE(4);
    if (seen[place] === mark || seen[place + 1] === mark) return true;
    seen[place + 1] = seen[place] as number;
    seen[place] = mark;
    return false;
  }

  /** Keeps a token that was read when the database had this version, or a later one. */
  keep(hash: string, token: Token, version: number): void {
    if (token.maxUses !== undefined || token.secretUntil !== undefined) return;
    this.#kept.set(hash, { token, version });
    this.#hashOf.set(token.id, hash);
  }

  /** Forgets a token that is about to change. */
  forget(id: string): void {
    const hash = this.#hashOf.get(id);
    if (hash !== undefined) this.#kept.delete(hash);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#kept.clear();
    this.#hashOf.clear();
  }
}
