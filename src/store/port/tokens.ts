import type { AuditEntry } from '../../core/model/audit.ts';
import type { Claims, TokenKind } from '../../core/model/identity.ts';
import type { Token, TokenState } from '../../core/model/token.ts';
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

/** How many sessions are allowed. */
export interface SessionLimits {
  /** Live sessions of one parent and of one subject. */
  readonly perParent: number;
  readonly perSubject: number;
  /** At most `perParent` sessions of one parent may be opened after this moment. Unix milliseconds. */
  readonly openedSince: number;
}

/** Which tokens are meant; a filter without fields means all of them. */
export interface TokenFilter {
  readonly subject?: string;
  /** Tokens bound to this gate. A token that is valid at every gate is bound to none. */
  readonly gate?: string;
  readonly state?: TokenState;
}

/** What can be changed about a token; null removes a value. */
export interface TokenChanges {
  readonly label?: string | null | undefined;
  readonly claims?: Claims | undefined;
  readonly expiresAt?: number | null | undefined;
}

/** A page of tokens, newest first. */
export interface TokenPage {
  readonly tokens: readonly Token[];
  /** Where the next page starts; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

/** How many tokens of a kind are in a state. */
export interface TokenCount {
  readonly kind: TokenKind;
  readonly state: TokenState;
  readonly count: number;
}

/**
 * Tokens, tickets and sessions. All times are Unix milliseconds and come from the caller. A write that
 * has resolved survives a power cut, and every look-up that begins later sees it, in any process; only
 * pruning may have to be repeated. Concurrent writes may share a transaction (group commit); one that fails
 * leaves the others as they are.
 *
 * A change comes with its audit entry, which is written in the same transaction, if and only if the
 * change took effect.
 */
export interface TokenStore {
  insert(token: NewToken, entry: AuditEntry): Promise<void>;
  /**
   * Adds a session within limits, in one transaction. Surplus sessions of its parent, and then of its
   * subject, are ended, the oldest first; each gets an entry, and their ids are returned. Where too many
   * were opened lately, nothing changes: `fullSince` is when the first of those was opened.
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
   * Finds a token by the hash of its secret, or of its secret from before a rotation (then with
   * `secretUntil`). All fields are current except `lastUsedAt`.
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
  /** Changes a token that is not revoked; undefined fields stay. False when there is no such token. */
  update(id: string, changes: TokenChanges, entry: AuditEntry): Promise<boolean>;
  /**
   * Gives a token that is not revoked a new secret. The present secret stays valid until
   * `previousUntil`, the one before it no longer. False when there is no such token.
   */
  rotate(
    id: string,
    secret: { hash: Uint8Array; previousUntil: number },
    entry: AuditEntry,
  ): Promise<boolean>;
  /**
   * Extends a session that is not revoked to `expiresAt`, at most to the life it was opened for.
   * Without an audit entry: renewals are too frequent.
   */
  renew(id: string, expiresAt: number): Promise<void>;
  /**
   * Revokes a token and the sessions that were opened with it. True when this call revoked it, false
   * when it was revoked before or is unknown. The entry gets the count of everything that it ended.
   */
  revoke(id: string, now: number, entry: AuditEntry): Promise<boolean>;
  /** Revokes all matching tokens in one transaction and returns their count, which the entry gets. */
  revokeAll(
    filter: Pick<TokenFilter, 'subject' | 'gate'>,
    now: number,
    entry: AuditEntry,
  ): Promise<number>;
  /**
   * Records a use for `lastUsedAt`; a redemption has done that already. A relaxed write: within seconds,
   * about once a minute for a token, and lost where the process or the store fails before.
   */
  touch(id: string, now: number): void;
  /** Counts all tokens without delaying other operations. */
  count(now: number): Promise<readonly TokenCount[]>;
  /** Deletes at most `limit` tokens of a kind that ended before `endedBefore`, and counts them. */
  prune(kind: TokenKind, endedBefore: number, limit: number): Promise<number>;
}
