import { adminKeyPrefix, createSecret, hashSecret, isSameHash } from '../core/secret.ts';
import type { TokenStore } from '../stores/store.ts';

/** Decides whose requests the admin API serves. */
export interface AdminKeys {
  /** Name of the key this secret is, undefined when it is none. Rejects with StoreUnavailable. */
  identify(secret: string): Promise<string | undefined>;
}

const configuredName = 'configured';
const firstName = 'first';

/**
 * Makes sure that there is an admin key. A configured one is the only one that counts; else those
 * in the store count, and where it has none, one is made and handed to `announce` this once.
 * Rejects with StoreUnavailable.
 */
export async function createAdminKeys(dependencies: {
  readonly store: TokenStore;
  readonly configured: string | undefined;
  readonly announce: (key: string) => void;
  readonly now: number;
}): Promise<AdminKeys> {
  const { store, configured, announce, now } = dependencies;
  if (configured !== undefined) {
    const expected = hashSecret(configured);
    return {
      identify: async (secret) =>
        isSameHash(hashSecret(secret), expected) ? configuredName : undefined,
    };
  }
  const key = createSecret(adminKeyPrefix);
  const first = { name: firstName, hash: hashSecret(key) };
  if (await store.insertFirstAdminKey(first, now)) announce(key);
  return {
    async identify(secret) {
      const presented = hashSecret(secret);
      const keys = await store.listAdminKeys();
      return keys.find(({ hash }) => isSameHash(presented, hash))?.name;
    },
  };
}
