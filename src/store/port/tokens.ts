import type { AuditEntry } from '../../core/model/audit.ts';
import type { Claims } from '../../core/model/identity.ts';
import type { Token, TokenKind, TokenState } from '../../core/model/token.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** A token about to be stored; `hash` is the SHA-256 of its secret. */
export interface NewToken extends Omit<Token, 'revokedAt' | 'uses' | 'secretUntil' | 'lastUsedAt'> {
  readonly hash: Uint8Array;
  /** Id of the token that a session was opened with. */
  readonly parent?: string;
}

/** A session about to be stored. */
export interface NewSession extends NewToken {
  readonly parent: string;
}

/** How many sessions there may be. */
export interface SessionLimits {
  /** That live, of one parent and of one subject. */
  readonly perParent: number;
  readonly perSubject: number;
  /** No more than `perParent` may have been opened of one parent since. Unix milliseconds. */
  readonly openedSince: number;
}

/** Which tokens are meant; a filter with no field means all of them. */
export interface TokenFilter {
  readonly subject?: string;
  /** Tokens bound to this gate. Those good at every gate are bound to none. */
  readonly gate?: string;
  readonly state?: TokenState;
}

/** What can be changed about a token; null takes a value away. */
export interface TokenChanges {
  readonly label?: string | null | undefined;
  readonly claims?: Claims | undefined;
  readonly expiresAt?: number | null | undefined;
}

/** A part of a list, newest first. */
export interface TokenPage {
  readonly tokens: readonly Token[];
  /** Where the next page starts, undefined on the last one. */
  readonly nextCursor: string | undefined;
}

/** How many tokens are of a kind and in a state. */
export interface TokenCount {
  readonly kind: TokenKind;
  readonly state: TokenState;
  readonly count: number;
}

/**
 * Where tokens live. All times are Unix milliseconds and come from the caller. What a method that
 * writes has resolved with survives a power cut, and every look-up that begins later, in whatever
 * process, sees it; only pruning may have to be done again. Writes that arrive at the same time may
 * share a transaction; one that fails leaves the others as they are.
 *
 * A change comes with its entry in the audit log, which is written in the same transaction, if the
 * change took place and only then.
 */
export interface TokenStore {
  insert(token: NewToken, entry: AuditEntry): Promise<void>;
  /**
   * Adds a session within these limits, all in one transaction. The oldest ones of its parent, and then of
   * its subject, that are too many with it are ended and returned, each with an entry. Where too many were
   * opened lately, nothing changes: `fullSince` is when the first of those was.
   */
  openSession(
    session: NewSession,
    limits: SessionLimits,
    entries: {
      readonly opened: AuditEntry;
      readonly ended: (tokenId: string) => AuditEntry;
    },
  ): Promise<{ readonly ended: readonly string[] } | { readonly fullSince: number }>;
  /**
   * By the hash of its secret, or of the one from before a rotation (then with `secretUntil`). All of
   * it is up to date but `lastUsedAt`.
   */
  findByHash(hash: Uint8Array): MaybePromise<Token | undefined>;
  findById(id: string): Promise<Token | undefined>;
  /** Newest first. An unknown cursor yields an empty page. */
  list(
    filter: TokenFilter,
    page: { now: number; limit: number; cursor?: string },
  ): Promise<TokenPage>;
  /** Uses up one admission if the token is active and has one left: one conditional write. */
  redeem(id: string, now: number, entry: AuditEntry): Promise<boolean>;
  /** Changes a token that is not revoked; what is undefined stays as it is. False when there is none. */
  update(id: string, changes: TokenChanges, entry: AuditEntry): Promise<boolean>;
  /**
   * Gives a token that is not revoked a new secret; the present one stays good until `previousUntil`,
   * the one before it no longer. False when there is no such token.
   */
  rotate(
    id: string,
    secret: { hash: Uint8Array; previousUntil: number },
    entry: AuditEntry,
  ): Promise<boolean>;
  /**
   * Lets a session that is not revoked live until `expiresAt`, within what it was opened for. There
   * are too many of these for the audit log.
   */
  renew(id: string, expiresAt: number): Promise<void>;
  /**
   * Revokes a token and the sessions that were opened with it; true when this call did it, false
   * when it was revoked already or is unknown. The entry gets the count of all that it ended.
   */
  revoke(id: string, now: number, entry: AuditEntry): Promise<boolean>;
  /**
   * Revokes all matching tokens that are not revoked yet, in one transaction, and counts them; the
   * entry gets the count.
   */
  revokeAll(
    filter: Pick<TokenFilter, 'subject' | 'gate'>,
    now: number,
    entry: AuditEntry,
  ): Promise<number>;
  /**
   * Takes note that a token was used, for `lastUsedAt`; for one that was redeemed, that has been done.
   * It is written behind: within seconds, about once a minute for a token, and not at all when the
   * process crashes or the store fails before.
   */
  touch(id: string, now: number): void;
  /** Counts all tokens, without holding up whatever else the store is asked meanwhile. */
  count(now: number): Promise<readonly TokenCount[]>;
  /** Deletes at most `limit` tokens of a kind whose life ended before `endedBefore`, and counts them. */
  prune(kind: TokenKind, endedBefore: number, limit: number): Promise<number>;
}
