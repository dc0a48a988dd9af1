import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';

/** RFC 8037: Ed25519. */
const algorithm = 'EdDSA';

/** Creates a key pair; the id is the thumbprint of the public key (RFC 7638). */
export async function createKeyPair(): Promise<{
  readonly id: string;
  readonly publicJwk: Record<string, unknown>;
  readonly privateJwk: Record<string, unknown>;
}> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const id = await calculateJwkThumbprint(publicJwk);
  return {
    id,
    publicJwk: { ...publicJwk, kid: id, alg: algorithm, use: 'sig' },
    privateJwk: { ...(await exportJWK(privateKey)) },
  };
}

/** Claims of an assertion; times are Unix seconds. */
export interface AssertionClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly token_id: string;
  readonly iat: number;
  readonly exp: number;
}

/** Signs claims as a JWT. */
export type Sign = (claims: AssertionClaims) => Promise<string>;

/** Builds a signer (RFC 7515) for a private key of createKeyPair. */
export async function createSigner(id: string, privateJwk: Record<string, unknown>): Promise<Sign> {
  const key = await importJWK(privateJwk, algorithm);
  return (claims) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: algorithm, kid: id, typ: 'JWT' })
      .sign(key);
}
