import type { AdminKey } from '../../core/model/admin-key.ts';
import type { AuditEntry } from '../../core/model/audit.ts';

/** An admin key about to be stored; `hash` is the SHA-256 of its secret. */
export interface NewAdminKey extends Omit<AdminKey, 'lastUsedAt'> {
  readonly hash: Uint8Array;
}

/** Keys of the admin API. The rules of TokenStore hold. */
export interface AdminKeyStore {
  /** Adds a key; false when its name is taken. */
  insert(key: NewAdminKey, entry: AuditEntry): Promise<boolean>;
  /** Adds the key if the store has none yet; false otherwise. */
  insertFirst(key: NewAdminKey, entry: AuditEntry): Promise<boolean>;
  find(hash: Uint8Array): Promise<AdminKey | undefined>;
  /** Ordered by name. */
  list(): Promise<readonly AdminKey[]>;
  /** Records that a key was used. */
  touch(name: string, now: number): Promise<void>;
  /** Revokes a key by deleting it; false when there is none. */
  delete(name: string, entry: AuditEntry): Promise<boolean>;
}
