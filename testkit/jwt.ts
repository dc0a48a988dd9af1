import {
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask, type GateAnswer, handshakeHeaders } from './postern/ask.ts';
import { startTestPostern, type TestPostern, type TestPosternOptions } from './postern/start.ts';
import type { Scope } from './scope.ts';

/** Signs for an issuer, by means of its own: what is tested must not be checked by itself. */
export interface Signer {
  readonly alg: string;
  readonly kid: string | undefined;
  sign(input: string): string;
  /** The public key as a JWK; undefined for a shared secret. */
  readonly jwk: JsonWebKey | undefined;
  /** The public key in PEM form, or the secret. */
  readonly material: string;
}

/** Now, in tests that hold the clock still: a whole second. */
export const noon = Date.parse('2026-12-01T12:00:00Z');

/** The issuer of the JWTs, and whom they are for. */
export const iss = 'https://issuer.example.com/';
export const audience = 'postern';

/** A key pair of an algorithm, made anew. */
export function newSigner(alg: string, kid: string | undefined = 'key-1'): Signer {
  const hash = `sha${alg.slice(2)}`;
  const { publicKey, privateKey } = newKeyPair(alg);
  const options = {
    key: privateKey,
    dsaEncoding: 'ieee-p1363' as const,
    ...(alg.startsWith('PS') && { padding: 6, saltLength: Number(alg.slice(2)) / 8 }),
  };
  return {
    alg,
    kid,
    sign: (input) =>
      sign(alg.startsWith('Ed') ? null : hash, Buffer.from(input), options).toString('base64url'),
    jwk: {
      ...publicKey.export({ format: 'jwk' }),
      alg,
      use: 'sig',
      ...(kid !== undefined && { kid }),
    },
    material: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function newKeyPair(alg: string): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg.startsWith('Ed')) return generateKeyPairSync('ed25519');
  if (!alg.startsWith('ES')) return generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const curve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] ?? '';
  return generateKeyPairSync('ec', { namedCurve: curve });
}

/** A shared secret, made anew unless it is given. */
export function newSecret(alg = 'HS256', secret = randomBytes(64).toString('base64')): Signer {
  return {
    alg,
    kid: undefined,
    sign: (input) =>
      createHmac(`sha${alg.slice(2)}`, secret)
        .update(input)
        .digest('base64url'),
    jwk: undefined,
    material: secret,
  };
}

/** Claims of Alice's JWT, good for an hour from noon, but for these. */
export function claimsOf(claims: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss,
    aud: audience,
    sub: 'alice',
    iat: noon / 1_000 - 60,
    exp: noon / 1_000 + 3_600,
    ...claims,
  };
}

/** A JWT of Alice's but for these claims and parameters of the header. */
export function makeJwt(
  signer: Signer,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): string {
  return signParts(
    signer,
    { alg: signer.alg, typ: 'JWT', ...(signer.kid && { kid: signer.kid }), ...header },
    claimsOf(claims),
  );
}

/** A JWT of exactly this header and payload; text is taken as it is. */
export function signParts(signer: Signer, header: unknown, payload: unknown): string {
  const input = [header, payload].map(encodePart).join('.');
  return `${input}.${signer.sign(input)}`;
}

/** A part of a JWT. */
export function encodePart(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** A Postern that trusts these issuers, at noon unless `clock` says otherwise. */
export function startWithIssuers(
  t: Scope,
  issuers: Record<string, Record<string, unknown>>,
  options: TestPosternOptions = {},
): Promise<TestPostern> {
  const complete = Object.entries(issuers).map(([name, issuer]) => [
    name,
    { issuer: iss, audience, ...issuer },
  ]);
  return startTestPostern(t, {
    clock: () => noon,
    ...options,
    env: { POSTERN_JWT_ISSUERS: JSON.stringify(Object.fromEntries(complete)), ...options.env },
  });
}

/** What the gate says to a handshake with this as Bearer. */
export function present(
  postern: TestPostern,
  jwt: string,
  headers: Record<string, string> = {},
): Promise<GateAnswer> {
  return ask(postern.gate, { ...handshakeHeaders, authorization: `Bearer ${jwt}`, ...headers });
}

/** The reason of a denial, else the status. */
export async function outcome(
  postern: TestPostern,
  jwt: string,
  headers: Record<string, string> = {},
): Promise<string | number> {
  const { reason, status } = await present(postern, jwt, headers);
  return reason ?? status;
}

/** An issuer's JWKS on loopback. */
export interface JwksServer {
  readonly url: string;
  /** What it serves; may be changed. */
  keys: (JsonWebKey | undefined)[];
  /** Answers instead of the JWKS, where it is set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Paths that were asked for so far. */
  readonly requests: string[];
}

/** Starts one, and stops it after the test. */
export async function startJwksServer(t: Scope, ...signers: Signer[]): Promise<JwksServer> {
  const requests: string[] = [];
  const state: Pick<JwksServer, 'keys' | 'answer'> = {
    keys: signers.map(({ jwk }) => jwk),
    answer: undefined,
  };
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (state.answer !== undefined) return state.answer(request, response);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ keys: state.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { url: `http://127.0.0.1:${port}/jwks.json`, requests });
}

/** What to configure for an issuer that publishes its keys there. */
export function byUrl(server: JwksServer): Record<string, unknown> {
  return { jwks_url: server.url, allow_http: true };
}
