import {
  credentialKinds,
  type Gate,
  identityHeaders,
  noRequirements,
} from '../src/core/gate/gate.ts';
import { emptyHandshake, type Handshake } from '../src/core/gate/handshake.ts';
import { sameOrigin } from '../src/core/gate/origin.ts';
import { type Identity, noRestrictions, type Restrictions } from '../src/core/model/identity.ts';
import type { Throttle } from '../src/core/model/throttle.ts';
import type { Token } from '../src/core/model/token.ts';

/** Good at these gates only. */
export function boundTo(...gates: readonly string[]): Restrictions {
  return { ...noRestrictions, gates };
}

/** Counts nothing. */
export const noThrottle: Throttle = { mayDoExpensiveWork: () => true, failed: () => undefined };

/** A handshake of a page on `https://app.example.com` with its own server, but for these facts. */
export function aHandshake(facts: Partial<Handshake> = {}): Handshake {
  return {
    ...emptyHandshake,
    scheme: 'https',
    host: 'app.example.com',
    path: '/socket',
    upgrade: 'websocket',
    origin: 'https://app.example.com',
    clientAddress: '203.0.113.7',
    ...facts,
  };
}

/** A gate as it is by default, but for these rules. */
export function aGate(rules: Partial<Gate> = {}): Gate {
  return {
    name: 'chat',
    throttleGateName: rules.name ?? 'chat',
    sources: ['query', 'cookie'],
    cookieNames: ['__Host-postern', 'postern_token'],
    queryNames: ['token'],
    assertion: false,
    forwardAuthorization: false,
    jwtSingleUse: false,
    origins: sameOrigin,
    headers: identityHeaders,
    hosts: [],
    paths: [],
    networks: { trust: undefined, trustAs: 'trusted-network', allow: undefined, deny: undefined },
    publicRoutes: [],
    requirements: noRequirements,
    kinds: credentialKinds,
    maxUses: undefined,
    login: undefined,
    cacheTtl: 0,
    bridge: undefined,
    settings: {},
    ...rules,
  };
}

/** Alice, with a token that is good everywhere and forever, but for these facts. */
export function anIdentity(facts: Partial<Identity> = {}): Identity {
  return {
    tokenId: 'tok_alice',
    kind: 'token',
    subject: 'alice',
    claims: {},
    restrictions: noRestrictions,
    expiresAt: undefined,
    maxUses: undefined,
    ...facts,
  };
}

/** A token of Alice that is good everywhere and forever, but for these facts. */
export function aToken(facts: Partial<Token> = {}): Token {
  return {
    id: 'tok_alice',
    kind: 'token',
    subject: 'alice',
    label: undefined,
    claims: {},
    restrictions: noRestrictions,
    createdAt: 0,
    notBefore: undefined,
    expiresAt: undefined,
    revokedAt: undefined,
    maxUses: undefined,
    uses: 0,
    weak: false,
    ...facts,
  };
}
