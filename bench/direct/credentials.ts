import { generateKeyPairSync, sign } from 'node:crypto';

/** A way to present a credential: the header that carries the token of a name. */
export interface CredentialCase {
  readonly name: string;
  /** Goal: least ratio to a bare server. */
  readonly goal: number;
  /** Additional settings. */
  readonly env: Readonly<Record<string, string>>;
  header(token: string): readonly [name: string, value: string];
}

const audience = 'bench';
const issuer = 'https://issuer.example.com/';
const keys = generateKeyPairSync('ed25519');

function signJwt(subject: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: issuer, aud: audience, sub: subject, exp: 4_000_000_000 };
  const input = `${encode({ alg: 'EdDSA', typ: 'JWT' })}.${encode(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), keys.privateKey).toString('base64url')}`;
}

const jwtIssuers = JSON.stringify({
  bench: {
    issuer,
    audience,
    public_key: keys.publicKey.export({ type: 'spki', format: 'pem' }),
  },
});

/** All measured ways. */
export const credentialCases: readonly CredentialCase[] = [
  { name: 'cookie', goal: 0.75, env: {}, header: (token) => ['Cookie', `postern_token=${token}`] },
  { name: 'Bearer', goal: 0.7, env: {}, header: (token) => ['Authorization', `Bearer ${token}`] },
  {
    name: 'query',
    goal: 0.7,
    env: {},
    header: (token) => ['X-Original-URI', `/ws?token=${token}`],
  },
  {
    name: 'subprotocol',
    goal: 0.7,
    env: {},
    header: (token) => ['Sec-WebSocket-Protocol', `chat, postern.bearer.${token}`],
  },
  {
    name: 'JWT (EdDSA)',
    goal: 0.6,
    env: { POSTERN_JWT_ISSUERS: jwtIssuers },
    header: (token) => ['Authorization', `Bearer ${signJwt(token)}`],
  },
];
