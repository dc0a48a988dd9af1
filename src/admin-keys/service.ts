import { type AdminKey, fullAccessKey, type Role } from '../core/model/admin-key.ts';
import { type Actor, actorNames, systemActor } from '../core/model/audit.ts';
import { keyCreatedEntry, keyRevokedEntry } from '../core/model/audit-entries.ts';
import { InvalidField } from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import { adminKeyPrefix, createSecret, hashSecret, isSameHash } from '../lib/secret.ts';
import type { AdminKeyStore } from '../store/port/admin-keys.ts';

/** Name of the key in the configuration. */
const configuredKeyName = 'configured';

/** Name of the key that the first start creates where none is configured. */
const firstKeyName = 'first';

/** Names that would be confused with another actor in the audit log. */
const reservedNames: ReadonlySet<string> = new Set([
  configuredKeyName,
  firstKeyName,
  ...Object.values(actorNames),
]);

/** Milliseconds between two records of a key's last use. */
const touchIntervalMs = 60_000;

/** A request to create a key. */
export interface KeyRequest {
  readonly name: string;
  readonly role: Role;
  readonly gates: readonly string[];
  /** Longest lifetime in milliseconds that an issuer may give; undefined for any. */
  readonly maxTtl: number | undefined;
  /** Unix milliseconds, undefined for never. */
  readonly expiresAt: number | undefined;
}

/** Authenticates requests to the admin API, and manages its keys. May reject with StoreUnavailable. */
export interface AdminKeys {
  /** The key with this secret; undefined for an unknown or expired one. */
  identify(secret: string): Promise<AdminKey | undefined>;
  /** Creates a key; undefined when its name is taken. Rejects with InvalidField. */
  create(
    request: KeyRequest,
    actor: Actor,
  ): Promise<{ readonly key: AdminKey; readonly secret: string } | undefined>;
  list(): Promise<readonly AdminKey[]>;
  /** False when there is no key of this name in the store. */
  revoke(name: string, actor: Actor): Promise<boolean>;
}

/**
 * Creates the first admin key if the store has none, and passes its secret to `announce`, the only time that
 * it is shown. Rejects with StoreUnavailable.
 */
export async function ensureFirstKey(
  store: AdminKeyStore,
  announce: (key: string) => void,
  now: number,
): Promise<void> {
  const secret = createSecret(adminKeyPrefix);
  const key = fullAccessKey(firstKeyName, now);
  const first = { ...key, hash: hashSecret(secret) };
  if (await store.insertFirst(first, keyCreatedEntry(systemActor, key))) announce(secret);
}

/**
 * Builds the service. A configured key replaces the one that the first start created; keys that were created
 * later are valid beside it. `clock` returns Unix time in milliseconds.
 */
export function createAdminKeys(dependencies: {
  readonly store: AdminKeyStore;
  readonly configured: string | undefined;
  readonly events: Events;
  readonly clock: () => number;
}): AdminKeys {
  const { store, configured, events, clock } = dependencies;
  const configuredHash = configured === undefined ? undefined : hashSecret(configured);
  const configuredKey = fullAccessKey(configuredKeyName, clock());

  async function touch(key: AdminKey, now: number): Promise<void> {
    if (key.lastUsedAt !== undefined && now - key.lastUsedAt < touchIntervalMs) return;
    // A request is not refused because its use cannot be recorded.
    await store.touch(key.name, now).catch((error: unknown) => {
      events.failed('the last use of an admin key was not recorded', error);
    });
  }

  return {
    async identify(secret) {
      const now = clock();
      const hash = hashSecret(secret);
      if (configuredHash !== undefined && isSameHash(hash, configuredHash)) return configuredKey;
      const key = await store.find(hash);
      if (key === undefined) return undefined;
      if (key.name === firstKeyName && configuredHash !== undefined) return undefined;
      if (key.expiresAt !== undefined && key.expiresAt <= now) return undefined;
      await touch(key, now);
      return key;
    },

    async create(request, actor) {
      checkKeyRequest(request);
      const secret = createSecret(adminKeyPrefix);
      const key = { ...request, createdAt: clock(), lastUsedAt: undefined };
      if (reservedNames.has(request.name)) return undefined;
      const added = { ...key, hash: hashSecret(secret) };
      if (!(await store.insert(added, keyCreatedEntry(actor, key)))) return undefined;
      events.keyCreated(key);
      return { key, secret };
    },

    list: () => store.list(),

    async revoke(name, actor) {
      const isRevoked = await store.delete(name, keyRevokedEntry(actor, clock(), name));
      if (isRevoked) events.keyRevoked(name);
      return isRevoked;
    },
  };
}

/** Refuses limits that the role ignores: an operator would rely on them. */
function checkKeyRequest({ role, gates, maxTtl }: KeyRequest): void {
  if (role === 'issuer') return;
  const field = gates.length > 0 ? 'gates' : maxTtl === undefined ? undefined : 'max_ttl';
  if (field === undefined) return;
  throw new InvalidField(
    field,
    `applies to the role issuer only; a key of the role ${role} has no such limit`,
  );
}
