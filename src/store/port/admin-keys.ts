import type { AdminKey } from '../../core/model/admin-key.ts';
import type { AuditEntry } from '../../core/model/audit.ts';

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
