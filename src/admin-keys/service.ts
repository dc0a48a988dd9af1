import { type AdminKey, fullAccessKey, type Role } from '../core/model/admin-key.ts';
import { type Actor, actorNames, systemActor } from '../core/model/audit.ts';
import { keyCreatedEntry } from '../core/model/audit-entries.ts';
import { KeyRefused } from '../core/model/errors.ts';
import type { Events } from '../core/model/events.ts';
import { adminKeyPrefix, createSecret, hashSecret, isSameHash } from '../lib/secret.ts';
import type { AdminKeyStore } from '../store/port.ts';

/** Name of the key that the configuration gives. */
const configuredName = 'configured';

/** Name of the key that the first start makes where none is configured. */
const firstName = 'first';

/** Names that would be taken for somebody else's. */
const reservedNames: ReadonlySet<string> = new Set([
  configuredName,
  firstName,
  ...Object.values(actorNames),
]);

/** How often the last use of a key is written down, in milliseconds. */
const touchMs = 60_000;

/** What to make a key of. */
export interface KeyRequest {
  readonly name: string;
  readonly role: Role;
  readonly gates: readonly string[];
  /** Longest life in milliseconds that an issuer may give; undefined for any. */
  readonly maxTtl: number | undefined;
  /** Unix milliseconds, undefined for never. */
  readonly expiresAt: number | undefined;
}

/** Decides whose requests the admin API serves, and keeps the keys. May reject with StoreUnavailable. */
export interface AdminKeys {
  /** The key this secret is, undefined when it is none, or expired. */
  identify(secret: string): Promise<AdminKey | undefined>;
  /** Makes a key; undefined when its name is taken. Rejects with KeyRefused. */
  create(
    request: KeyRequest,
    actor: Actor,
  ): Promise<{ readonly key: AdminKey; readonly secret: string } | undefined>;
  list(): Promise<readonly AdminKey[]>;
  /** False when there is no key of this name in the store. */
  revoke(name: string, actor: Actor): Promise<boolean>;
}

/**
 * Makes the first admin key where the store has none yet, and hands it to `announce` this once.
 * Rejects with StoreUnavailable.
 */
export async function ensureFirstKey(
  store: AdminKeyStore,
  announce: (key: string) => void,
  now: number,
): Promise<void> {
  const secret = createSecret(adminKeyPrefix);
  const key = fullAccessKey(firstName, now);
  const first = { ...key, hash: hashSecret(secret) };
  if (await store.insertFirst(first, keyCreatedEntry(systemActor, key))) announce(secret);
}

/**
 * Builds the service. A key that is configured takes the place of the one that the first start made;
 * keys made since then count beside it. `clock` tells Unix time in milliseconds.
 */
export function createAdminKeys(dependencies: {
  readonly store: AdminKeyStore;
  readonly configured: string | undefined;
  readonly events: Events;
  readonly clock: () => number;
}): AdminKeys {
  const { store, configured, events, clock } = dependencies;
  const configuredHash = configured === undefined ? undefined : hashSecret(configured);
  const configuredKey = fullAccessKey(configuredName, clock());

  async function touch(key: AdminKey, now: number): Promise<void> {
    if (key.lastUsedAt !== undefined && now - key.lastUsedAt < touchMs) return;
    // When it was used last is worth knowing, and not worth refusing the request for.
    await store.touch(key.name, now).catch((error: unknown) => {
      events.failed('the last use of an admin key was not written down', error);
    });
  }

  return {
    async identify(secret) {
      const now = clock();
      const hash = hashSecret(secret);
      if (configuredHash !== undefined && isSameHash(hash, configuredHash)) return configuredKey;
      const key = await store.find(hash);
      if (key === undefined) return undefined;
      if (key.name === firstName && configuredHash !== undefined) return undefined;
      if (key.expiresAt !== undefined && key.expiresAt <= now) return undefined;
      await touch(key, now);
      return key;
    },

    async create(request, actor) {
      checkKey(request);
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
      const details = { action: 'revoked', key: name };
      const isRevoked = await store.delete(name, { at: clock(), event: 'key', actor, details });
      if (isRevoked) events.keyRevoked(name);
      return isRevoked;
    },
  };
}

/** A bound that a role does not keep to would be taken for one. */
function checkKey({ role, gates, maxTtl }: KeyRequest): void {
  if (role === 'issuer') return;
  const field = gates.length > 0 ? 'gates' : maxTtl === undefined ? undefined : 'max_ttl';
  if (field === undefined) return;
  throw new KeyRefused(field, `binds an issuer only; a key of the role ${role} has no such bound`);
}
