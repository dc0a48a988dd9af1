import type { Services } from '../../src/app/services.ts';
import { systemActor } from '../../src/core/model/audit.ts';
import type { Restrictions } from '../../src/core/model/identity.ts';
import { createSecret, tokenPrefix } from '../../src/lib/secret.ts';
import { audience, iss, makeJwt, newSecret, newSigner, type Signer } from '../../testkit/jwt.ts';
import { handshakeOf } from '../targets/sample.ts';

/** Something that is presented, and what the oracle knows of it. */
export interface IssuedCredential {
  readonly secret: string;
  /** No two have the same one, so that an answer says which was taken. Empty for nobody's. */
  readonly subject: string;
  readonly kind: 'token' | 'ticket' | 'session' | 'jwt';
  /** False for what must never be taken. */
  readonly good: boolean;
  readonly bounds: Partial<Restrictions>;
  readonly groups: readonly string[];
  /** Admissions that are left; undefined for any number. */
  uses: number | undefined;
  /** Of a JWT: whether it can be told from others. */
  readonly jti?: boolean;
}

/** All of them by name; those that are used up are made anew. */
export interface Credentials {
  readonly byName: ReadonlyMap<string, IssuedCredential>;
  bySubject(subject: string): IssuedCredential | undefined;
  /** Takes note of an admission, and issues another one in the place of what is used up. */
  admitted(issued: IssuedCredential, isOnce: boolean): Promise<void>;
}

/** Whose JWTs count in the fixture: its keys, and what to configure for it. */
export interface ForeignIssuer {
  readonly signer: Signer;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** An issuer with a key made anew. */
export function newIssuer(): ForeignIssuer {
  const signer = newSigner('EdDSA');
  return { signer, settings: { issuer: iss, audience, public_key: signer.material } };
}

type Make = () => Promise<Partial<IssuedCredential> & { readonly secret: string }>;

/** Issues one of each kind. `setNow` turns the clock of the services. */
export async function issueAll(fixture: {
  readonly services: Services;
  readonly issuer: ForeignIssuer;
  readonly now: number;
  readonly setNow: (now: number) => void;
}): Promise<Credentials> {
  const { services, issuer, now, setNow } = fixture;
  const { tokens, sessions, jwts, gates } = services;
  const none: Restrictions = { gates: [], paths: [], origins: [], networks: [] };
  let serial = 0;

  const issue = (subject: string, wishes: Record<string, unknown> = {}) =>
    tokens.issue(
      {
        ...{ kind: 'token', subject, bounds: none, label: undefined, claims: {} },
        ...{ expires: undefined, notBefore: undefined, maxUses: undefined },
        ...wishes,
      },
      systemActor,
    );
  const token = (name: string, wishes?: Record<string, unknown>) => async () => {
    const { secret } = await issue(name, wishes);
    return { secret };
  };
  const bound = (name: string, bounds: Partial<Restrictions>): Make => {
    return async () => ({ ...(await token(name, { bounds: { ...none, ...bounds } })()), bounds });
  };
  const jwt = (name: string, claims: object = {}, header: object = {}, signer = issuer.signer) => {
    return async () => {
      const own = { jti: `jti-${name}-${++serial}`, sub: name, ...claims };
      return {
        secret: makeJwt(signer, own, { ...header }),
        kind: 'jwt' as const,
        jti: 'jti' in own,
      };
    };
  };
  const bad =
    (make: Make): Make =>
    async () => ({ ...(await make()), good: false });
  const second = now / 1_000;

  const makers: Readonly<Record<string, Make>> = {
    active: token('active'),
    gated: bound('gated', { gates: ['app', 'named'] }),
    pathed: bound('pathed', { paths: ['/rooms'] }),
    networked: bound('networked', { networks: ['192.168.0.0/16'] }),
    origined: bound('origined', { origins: ['https://pages.example.net'] }),
    staff: async () => ({
      ...(await token('staff', { claims: { groups: ['staff', 'all'] } })()),
      groups: ['staff', 'all'],
    }),
    ticket: async () => ({
      ...(await token('ticket', { kind: 'ticket' })()),
      kind: 'ticket',
      uses: 1,
    }),
    twice: async () => ({ ...(await token('twice', { maxUses: 2 })()), uses: 2 }),
    imported: async () => {
      const secret = 'odd:secret;with,"special"%41=characters&more+#!';
      await tokens.import([{ ...plainRequest('imported', none), secret }], true, systemActor);
      return { secret };
    },
    session: async () => {
      const { secret } = await issue('session');
      const gate = gates.byName('app');
      if (gate === undefined) throw new Error('there is no gate to sign in at');
      const opened = await sessions.open(secret, handshakeOf({ upgrade: 'none' }), gate);
      if ('verdict' in opened) throw new Error(`no session: ${opened.reason}`);
      return { secret: opened.secret, kind: 'session' };
    },
    unknown: bad(async () => ({ secret: createSecret(tokenPrefix) })),
    expired: bad(async () => {
      setNow(now - 86_400_000);
      const made = await token('expired', { expires: { in: 3_600_000 } })();
      setNow(now);
      return made;
    }),
    pending: bad(token('pending', { notBefore: now + 3_600_000 })),
    revoked: bad(async () => {
      const { secret, token } = await issue('revoked');
      await tokens.revoke(token.id, systemActor);
      return { secret };
    }),
    rotated: bad(async () => {
      const { secret, token } = await issue('rotated');
      await tokens.rotate(token.id, 0, systemActor);
      return { secret };
    }),
    used: bad(async () => {
      const { secret, token } = await issue('used', { kind: 'ticket' });
      await services.tokens.revoke(token.id, systemActor);
      return { secret, kind: 'ticket' };
    }),
    jwt: jwt('jwt'),
    jwtStaff: async () => ({
      ...(await jwt('jwtStaff', { groups: ['staff'] })()),
      groups: ['staff'],
    }),
    jwtNoId: async () => {
      const made = await jwt('jwtNoId', { jti: undefined })();
      return { ...made, jti: false };
    },
    jwtExpired: bad(jwt('jwtExpired', { exp: second - 3_600 })),
    jwtEarly: bad(jwt('jwtEarly', { nbf: second + 3_600 })),
    jwtAudience: bad(jwt('jwtAudience', { aud: 'somebody-else' })),
    jwtStranger: bad(jwt('jwtStranger', { iss: 'https://evil.example/' })),
    jwtForged: bad(jwt('jwtForged', {}, {}, newSigner('EdDSA'))),
    jwtNone: bad(jwt('jwtNone', {}, { alg: 'none' }, { ...newSecret(), sign: () => '' })),
    jwtConfused: bad(jwt('jwtConfused', {}, {}, newSecret('HS256', issuer.signer.material))),
    jwtRevoked: bad(async () => {
      const made = await jwt('jwtRevoked', { jti: 'revoked-one' })();
      const target = { jti: 'revoked-one' };
      await jwts.revoke({ issuer: 'own', target, expiresAt: undefined }, systemActor);
      return made;
    }),
  };
  const byName = new Map<string, IssuedCredential>();
  const renew = async (name: string) => {
    const make = makers[name];
    if (make === undefined) return;
    const usual = { kind: 'token', good: true, bounds: {}, groups: [], uses: undefined } as const;
    byName.set(name, { ...usual, subject: name, ...(await make()) });
  };
  for (const name of Object.keys(makers)) await renew(name);
  return {
    byName,
    bySubject: (subject) => byName.get(subject),
    async admitted(issued, isOnce) {
      if (issued.uses !== undefined) issued.uses--;
      if (issued.uses === 0 || (isOnce && issued.kind === 'jwt')) await renew(issued.subject);
    },
  };
}

function plainRequest(subject: string, bounds: Restrictions) {
  return {
    ...{ subject, bounds, label: undefined, claims: {}, expires: undefined },
    ...{ notBefore: undefined, maxUses: undefined },
  };
}
