import type { AdminKey } from '../core/model/admin-key.ts';
import type { AuditAnchor, AuditEntry, AuditRecord } from '../core/model/audit.ts';
import type { Claims, JwtReference, TokenKind } from '../core/model/identity.ts';
import type { Token, TokenState } from '../core/model/token.ts';
import type { MaybePromise } from '../lib/maybe-promise.ts';

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

/** An admin key about to be stored; `hash` is the SHA-256 of its secret. */
export interface NewAdminKey extends Omit<AdminKey, 'lastUsedAt'> {
  readonly hash: Uint8Array;
}

/**
 * Where the keys to the admin API are kept. The rules are those of TokenStore.
 */
export interface AdminKeyStore {
  /** Adds a key; false when its name is taken. */
  insert(key: NewAdminKey, entry: AuditEntry): Promise<boolean>;
  /** Adds the key unless there is any already; false when there is. */
  insertFirst(key: NewAdminKey, entry: AuditEntry): Promise<boolean>;
  find(hash: Uint8Array): Promise<AdminKey | undefined>;
  /** By name. */
  list(): Promise<readonly AdminKey[]>;
  /** Takes note that a key was used. */
  touch(name: string, now: number): Promise<void>;
  /** Deletes a key, which is how it is revoked; false when there is none. */
  delete(name: string, entry: AuditEntry): Promise<boolean>;
}

/** How many tokens are of a kind and in a state. */
export interface TokenCount {
  readonly kind: TokenKind;
  readonly state: TokenState;
  readonly count: number;
}

/**
 * Learns what the store does and how long it takes, in milliseconds. Called with everything it does, so
 * a call takes no time to speak of; none throws.
 */
export interface StoreMeter {
  /** A read took this long; or a write did, from when it was asked for to when it may be relied on. */
  done(operation: 'read' | 'write', milliseconds: number): void;
  /** So many writes were committed together, and the disk took this long. */
  committed(writes: number, milliseconds: number): void;
  failed(operation: 'read' | 'write'): void;
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

/** A key that signs assertions; its private part is sealed with a key that the store does not have. */
export interface StoredSigningKey {
  readonly id: string;
  readonly publicJwk: Record<string, unknown>;
  readonly sealed: Uint8Array;
  readonly createdAt: number;
  /** When a newer key took its place; undefined for the one that signs. */
  readonly retiredAt: number | undefined;
}

/** Where signing keys are kept. The rules are those of TokenStore. */
export interface SigningKeyStore {
  /** Newest first. */
  list(): Promise<readonly StoredSigningKey[]>;
  /** Adds the key unless there is one that signs; false when there is. */
  insertFirst(key: StoredSigningKey, entry: AuditEntry): Promise<boolean>;
  /** Retires the key that signs, and adds this one in its place. */
  replace(key: StoredSigningKey, now: number, entry: AuditEntry): Promise<void>;
  /** Deletes keys that were retired before, and counts them. */
  prune(retiredBefore: number): Promise<number>;
}

/** A revocation of one JWT of an issuer, or of those that a subject was given up to a moment. */
export interface JwtRevocation {
  /** The `iss` claim, not the configuration's name for it: that may change, and this must hold on. */
  readonly iss: string;
  readonly concerns:
    | { readonly jti: string }
    | {
        readonly subject: string;
        /** JWTs with a later `iat` stay good; those without any do not. */
        readonly issuedBefore: number;
      };
  readonly revokedAt: number;
  /** When nothing that it concerns is good any more; undefined when nobody knows. */
  readonly expiresAt: number | undefined;
}

/** A part of a list, newest first. */
export interface JwtRevocationPage {
  readonly revocations: readonly JwtRevocation[];
  readonly nextCursor: string | undefined;
}

/**
 * What is kept about JWTs of other issuers: which were revoked, and which were used where once is
 * enough. The rules are those of TokenStore.
 */
export interface JwtStore {
  find(jwt: JwtReference): MaybePromise<{ readonly revoked: boolean; readonly used: boolean }>;
  /** Uses a JWT up, unless it was used or is revoked: one conditional write. */
  redeem(
    jwt: JwtReference & { jti: string },
    expiresAt: number,
    now: number,
    entry: AuditEntry,
  ): Promise<boolean>;
  /**
   * Adds a revocation and returns it as it is in force: where there was one of the same JWT or
   * subject, the one that reaches further counts.
   */
  revoke(revocation: JwtRevocation, entry: AuditEntry): Promise<JwtRevocation>;
  /** Newest first. An unknown cursor yields an empty page. */
  list(page: { limit: number; cursor?: string }): Promise<JwtRevocationPage>;
  /** Deletes at most `limit` rows about JWTs that expired before a moment, and counts them. */
  prune(expiredBefore: number, limit: number): Promise<number>;
}

/** Which entries of the audit log are meant; a filter with no field means all of them. */
export interface AuditFilter {
  readonly event?: string;
  readonly actor?: string;
  readonly tokenId?: string;
  readonly subject?: string;
  /** Entries that name this gate, alone or among others. */
  readonly gate?: string;
  /** Unix milliseconds; `until` itself is left out. */
  readonly since?: number;
  readonly until?: number;
}

/** Which end of a list comes first. */
export type AuditOrder = 'newest' | 'oldest';

/** A part of the audit log. */
export interface AuditPage {
  readonly records: readonly AuditRecord[];
  readonly nextCursor: string | undefined;
}

/** The entries behind a place, and up to which number there are no others. */
export interface AuditPart {
  readonly records: readonly AuditRecord[];
  readonly upTo: number;
}

/** The audit log as it is at one moment. */
export interface AuditReading {
  /** The last entry that was deleted for its age, or is to be, as the log itself says. */
  readonly deleted: AuditAnchor | undefined;
  /** Oldest first. They can be gone through once. */
  readonly records: Iterable<AuditRecord>;
}

/**
 * The audit log: a chain of entries that grows at its end. Changes bring their entries along; see
 * TokenStore. The rules are those of TokenStore.
 */
export interface AuditStore {
  /** Adds entries that belong to no change of the store, all or none. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** An unknown cursor yields what lies behind where it would be. */
  list(
    filter: AuditFilter,
    page: { limit: number; cursor?: string; order: AuditOrder },
  ): Promise<AuditPage>;
  /** At most `limit` entries behind this number, oldest first; perhaps none although there are. */
  after(seq: number, filter: AuditFilter, limit: number): Promise<AuditPart>;
  /** The newest entry; undefined where there is none yet. */
  head(): Promise<AuditAnchor | undefined>;
  /** Calls back whenever this process has added entries, until the returned function is called. */
  onAppended(listener: () => void): () => void;
  /** Reads all of it, for as long as the work takes. Blocks; throws StoreUnavailable. */
  read<T>(work: (reading: AuditReading) => T): T;
  /**
   * Announces that the oldest entries are deleted, at most `limit`: those before the first that is
   * not older than `before`. The entry gets their count and which was the last; 0 adds none.
   */
  announceRetention(what: { before: number; limit: number }, entry: AuditEntry): Promise<number>;
  /** Deletes at most `limit` of the entries that were announced, and counts them. */
  deleteAnnounced(limit: number): Promise<number>;
}

/** Failed attempts that were too many. All times are Unix milliseconds. */
export interface StoredThrottle {
  /** Gate and network, in one word of the throttle's own. */
  readonly name: string;
  /** How many failures counted still at that moment. */
  readonly level: number;
  readonly at: number;
  /** Since when they are too many. */
  readonly since: number;
  /** All of them so far. */
  readonly failures: number;
  /** How many times the usual number is free for it. */
  readonly scale: number;
}

/**
 * Where a restart finds again who made too many attempts. It is written behind, and a power cut may
 * take back the last of it. The other rules are those of TokenStore.
 */
export interface ThrottleStore {
  list(): Promise<readonly StoredThrottle[]>;
  /** Adds or replaces, and keeps no more than `most`: the latest. */
  save(counts: readonly StoredThrottle[], most: number): Promise<void>;
  delete(names: readonly string[]): Promise<void>;
  /** Deletes those of before a moment. */
  prune(before: number): Promise<void>;
}

/** Everything that Postern keeps. */
export interface Store {
  readonly audit: AuditStore;
  readonly signingKeys: SigningKeyStore;
  readonly tokens: TokenStore;
  readonly jwts: JwtStore;
  readonly adminKeys: AdminKeyStore;
  readonly throttles: ThrottleStore;
  /**
   * Has what is looked up from now on looked up at one moment, that of the first look-up, until the
   * function that it returns is called: for questions that were all asked before. It costs less than
   * one by one, and must end in the same turn of the event loop. What is written meanwhile ends it.
   */
  openSnapshot(): () => void;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  /** Writes what is to be written still, and closes. */
  close(): Promise<void>;
}
