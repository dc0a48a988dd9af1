import type { AuditEntry } from '../../core/model/audit.ts';

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
