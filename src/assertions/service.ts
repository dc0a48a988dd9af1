import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Assertion } from '../core/model/assertion.ts';
import { type Actor, systemActor } from '../core/model/audit.ts';
import { signingKeyEntry } from '../core/model/audit-entries.ts';
import type { Identity } from '../core/model/identity.ts';
import { OperatorError } from '../lib/operator-error.ts';
import { seal, unseal } from '../lib/seal.ts';
import type { SigningKeyStore, StoredSigningKey } from '../store/port/signing-keys.ts';
import { createKeyPair, createSigner, type Sign } from './sign.ts';

/** Milliseconds for which the signing key is cached: after that, another process's rotation is seen. */
const keyCacheMs = 10_000;

/** Milliseconds for which a retired key stays published: longer than a JWKS is cached. */
const retiredPublicationMs = 86_400_000;

/** A signing key without its private part. */
export interface SigningKey {
  readonly id: string;
  readonly createdAt: number;
  readonly retiredAt: number | undefined;
}

/**
 * Assertions: signed JWTs that prove to a backend that a request passed the gate. Every method may reject
 * with StoreUnavailable; a request whose assertion cannot be signed must be denied.
 */
export interface Assertions {
  /** A short-lived JWT about this identity at this gate. */
  issue(identity: Identity, gateName: string): Promise<Assertion>;
  /** The public keys (RFC 7517, section 5). */
  publish(): Promise<{ readonly keys: readonly Record<string, unknown>[] }>;
  list(): Promise<readonly SigningKey[]>;
  /** Replaces the signing key; the old one stays published for a day. */
  rotate(actor: Actor): Promise<SigningKey>;
}

/** Builds the service. The first key is created on first use. `clock` returns Unix time in milliseconds. */
export function createAssertions(dependencies: {
  readonly store: SigningKeyStore;
  readonly dataDir: string;
  readonly issuer: string;
  /** Lifetime of an assertion in milliseconds. */
  readonly ttl: number;
  readonly clock: () => number;
}): Assertions {
  const { store, dataDir, issuer, ttl, clock } = dependencies;
  let current: { sign: Sign; id: string; loadedAt: number } | undefined;

  async function create(): Promise<StoredSigningKey> {
    const { id, publicJwk, privateJwk } = await createKeyPair();
    const sealed = seal(readSealingKey(dataDir), Buffer.from(JSON.stringify(privateJwk)));
    return { id, publicJwk, sealed, createdAt: clock(), retiredAt: undefined };
  }

  async function load(): Promise<{ sign: Sign }> {
    const now = clock();
    if (current !== undefined && Math.abs(now - current.loadedAt) < keyCacheMs) return current;
    const key = await keyInUse();
    if (current?.id === key.id) {
      current.loadedAt = now;
      return current;
    }
    const plain = unseal(readSealingKey(dataDir), key.sealed);
    if (plain === undefined) {
      throw new Error(
        'the signing key cannot be read with postern.key; run: postern signing-key rotate',
      );
    }
    current = {
      sign: await createSigner(key.id, JSON.parse(plain.toString())),
      id: key.id,
      loadedAt: now,
    };
    return current;
  }

  async function keyInUse(): Promise<StoredSigningKey> {
    const find = async () => (await store.list()).find(({ retiredAt }) => retiredAt === undefined);
    const found = await find();
    if (found !== undefined) return found;
    const made = await create();
    // Two processes may do this at once: the store decides whose key signs.
    await store.insertFirst(made, signingKeyEntry('made', systemActor, made));
    return (await find()) ?? made;
  }

  return {
    async issue({ subject, tokenId }, gateName) {
      const { sign } = await load();
      const now = Math.floor(clock() / 1_000);
      const expiry = now + Math.ceil(ttl / 1_000);
      const jwt = await sign({
        iss: issuer,
        sub: subject,
        aud: gateName,
        token_id: tokenId,
        iat: now,
        exp: expiry,
      });
      return { jwt, expiresAt: expiry * 1_000 };
    },

    async publish() {
      const now = clock();
      const keys = await store.list();
      return {
        keys: keys
          .filter(
            ({ retiredAt }) => retiredAt === undefined || now - retiredAt < retiredPublicationMs,
          )
          .map(({ publicJwk }) => publicJwk),
      };
    },

    list: () => store.list(),

    async rotate(actor) {
      const key = await create();
      const now = clock();
      await store.replace(key, now, signingKeyEntry('rotated', actor, key));
      await store.prune(now - retiredPublicationMs);
      current = undefined;
      return key;
    },
  };
}

/**
 * The key that seals private keys: 32 random bytes in a file beside the database, so that a copy of the
 * database alone cannot sign. Created when missing. Throws OperatorError.
 */
function readSealingKey(dataDir: string): Buffer {
  const path = join(dataDir, 'postern.key');
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, randomBytes(32));
    closeSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new OperatorError(`cannot write ${path}: ${(error as Error).message}`);
    }
  }
  const key = readFileSync(path);
  if (key.length !== 32) throw new OperatorError(`${path} is not a key that Postern created.`);
  return key;
}
