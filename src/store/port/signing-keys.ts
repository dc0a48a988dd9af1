import type { AuditEntry } from '../../core/model/audit.ts';

/** A key that signs assertions. Its private part is sealed with a key that the store does not have. */
export interface StoredSigningKey {
  readonly id: string;
  readonly publicJwk: Record<string, unknown>;
  readonly sealed: Uint8Array;
  readonly createdAt: number;
  /** When a newer key replaced it; undefined for the key that signs. */
  readonly retiredAt: number | undefined;
}

/** Keys that sign assertions. The rules of TokenStore hold. */
export interface SigningKeyStore {
  /** Newest first. */
  list(): Promise<readonly StoredSigningKey[]>;
  /** Adds the key unless there is one that signs; false when there is. */
  insertFirst(key: StoredSigningKey, entry: AuditEntry): Promise<boolean>;
  /** Retires the key that signs and adds this one. */
  replace(key: StoredSigningKey, now: number, entry: AuditEntry): Promise<void>;
  /** Deletes keys that were retired before a moment, and counts them. */
  prune(retiredBefore: number): Promise<number>;
}
