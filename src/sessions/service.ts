import type { SessionConfig } from '../config/config.ts';
import type { DecisionPorts } from '../core/decision/context.ts';
import { weighDenial } from '../core/decision/count-denial.ts';
import { decide } from '../core/decision/decide.ts';
import { type Gate, plainCookie } from '../core/gate/gate.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { holderOf, postern } from '../core/model/audit.ts';
import { showMoment } from '../core/model/audit-entries.ts';
import type { Events } from '../core/model/events.ts';
import type { Identity, JwtFacts, SessionJwt } from '../core/model/identity.ts';
import { type Deny, deny, isDenial, type Verdict } from '../core/model/verdict.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import { createId, createSecret, hashSecret, tokenPrefix } from '../lib/secret.ts';
import type { NewSession, TokenStore } from '../store/port.ts';
import { createRefusalSampler } from './refusals.ts';

/** A session that was opened just now. */
export interface OpenedSession {
  /** Goes into the cookie, and nowhere else. */
  readonly secret: string;
  readonly subject: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  /** Unix milliseconds until which the browser is to keep the cookie. */
  readonly keepUntil: number;
}

/** Sessions: tokens in cookies that Postern sets. Every method may reject with StoreUnavailable. */
export interface Sessions {
  /**
   * Opens a session for whoever presents this token, which is used up if it is a ticket, or a JWT that counts
   * once at this gate.
   */
  open(token: string, handshake: Handshake, gate: Gate): Promise<OpenedSession | Deny>;
  /**
   * Who the handshake's credential stands for, and with `admission` whether the gate lets it in;
   * nothing is used up. Nobody is signed in by the plain cookie.
   */
  look(handshake: Handshake, gate: Gate, purpose: 'sign_in' | 'admission'): MaybePromise<Verdict>;
  /** Revokes the session that the handshake presents, if it presents one. */
  end(handshake: Handshake, gate: Gate): Promise<void>;
  /** Lets a sliding session live on, now that it was used. Never rejects. */
  renew(identity: Identity): MaybePromise<void>;
}

/** A sliding session is written anew when this part of its life is over, not at each use. */
const renewAfter = 0.1;

/** Milliseconds in which no more sessions are opened with a token than it may have. */
const openingMs = 600_000;

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createSessions(dependencies: {
  readonly store: TokenStore;
  readonly config: SessionConfig;
  readonly ports: DecisionPorts;
  readonly events: Events;
  readonly clock: () => number;
}): Sessions {
  const { store, config, ports, events, clock } = dependencies;
  const sample = createRefusalSampler(openingMs);
  const dry: DecisionPorts = { ...ports, redeem: async () => undefined };

  function tell(denial: Deny, { host, origin, clientAddress }: Handshake, gate: Gate): Deny {
    const client = clientAddress;
    events.signInDenied({ at: clock(), gate: gate.countedAt, denial, host, origin, client });
    return denial;
  }

  return {
    async open(token, handshake, gate) {
      const now = clock();
      const presented = { ...handshake, path: undefined, authorization: `Bearer ${token}` };
      const at: Gate = { ...gate, sources: ['bearer'] };
      const verdict = await decide(
        { handshake: presented, gate: at, now, purpose: 'sign_in' },
        ports,
      );
      if (isDenial(verdict)) return tell(verdict, handshake, gate);
      const { identity } = verdict;
      // A session of a session would outlive the revocation of what the first was opened with.
      if (identity.kind === 'session') return tell(deny('unknown_token'), handshake, gate);
      // A ticket lives seconds because it travels in the open; what it buys may live longer, but no longer
      // than its issuer may give.
      const bound = identity.kind === 'ticket' ? identity.opensUntil : identity.expiresAt;
      const longest = config.expiry === 'sliding' ? config.maxTtl : config.ttl;
      const renewableUntil = Math.min(now + longest, bound ?? Number.MAX_SAFE_INTEGER);
      const expiresAt = Math.min(now + config.ttl, renewableUntil);
      const secret = createSecret(tokenPrefix);
      const id = createId('tok_');
      const session: NewSession = {
        id,
        kind: 'session',
        hash: hashSecret(secret),
        parent: identity.tokenId,
        ...(identity.jwt && { jwt: toSessionJwt(identity.jwt, at.jwtSingleUse) }),
        subject: identity.subject,
        label: undefined,
        claims: identity.claims,
        bounds: identity.bounds,
        createdAt: now,
        notBefore: undefined,
        expiresAt,
        renewableUntil,
        maxUses: undefined,
        weak: false,
      };
      const client = handshake.clientAddress;
      const limits = {
        perParent: config.maxPerToken,
        perSubject: config.maxPerSubject,
        openedSince: now - openingMs,
      };
      const outcome = await store.openSession(session, limits, {
        opened: {
          at: now,
          event: 'sign_in',
          actor: holderOf(identity.tokenId, { client }),
          tokenId: id,
          kind: session.kind,
          subject: identity.subject,
          details: {
            parent: identity.tokenId,
            parent_kind: identity.kind,
            issuer: identity.jwt?.issuer,
            expires_at: showMoment(expiresAt),
          },
        },
        ended: (tokenId) => ({
          at: now,
          event: 'sign_out',
          actor: postern,
          tokenId,
          kind: session.kind,
          subject: identity.subject,
          reason: 'too_many_sessions',
          details: { for: id },
        }),
      });
      if ('fullSince' in outcome) {
        const { tokenId } = identity;
        const retryAfter = outcome.fullSince + openingMs - now;
        const tooMany = { retryAfter, record: sample(tokenId, now) };
        return tell({ ...deny('too_many_sessions'), identity, throttle: tooMany }, handshake, gate);
      }
      for (const ended of outcome.ended) events.revoked(ended);
      events.sessionOpened({ id, subject: identity.subject, parent: identity.tokenId });
      return { secret, subject: identity.subject, expiresAt, keepUntil: renewableUntil };
    },

    look(handshake, gate, purpose) {
      const counts = (name: string) => name !== plainCookie || name === config.cookieName;
      const cookieNames = gate.cookieNames.filter(counts);
      const at = purpose === 'sign_in' ? { ...gate, cookieNames } : gate;
      const looked = decide({ handshake, gate: at, now: clock(), purpose }, dry);
      return mapMaybePromise(looked, (verdict) => {
        // Pages ask over and over who is there: only a guess is news.
        const isGuess = isDenial(verdict) && weighDenial(verdict, {}) !== undefined;
        return isGuess ? tell(verdict, handshake, gate) : verdict;
      });
    },

    async end(handshake, gate) {
      const presented = { ...handshake, path: undefined };
      const at: Gate = { ...gate, sources: ['cookie'] };
      const verdict = await decide(
        { handshake: presented, gate: at, now: clock(), purpose: 'sign_in' },
        dry,
      );
      const { identity } = verdict;
      if (identity?.kind !== 'session') return;
      const { tokenId, subject, kind } = identity;
      const now = clock();
      const actor = holderOf(tokenId, { client: handshake.clientAddress });
      const entry = { at: now, event: 'sign_out', actor, tokenId, kind, subject } as const;
      if (await store.revoke(tokenId, now, entry)) events.revoked(tokenId);
    },

    renew({ kind, tokenId, expiresAt }) {
      if (kind !== 'session' || config.expiry !== 'sliding' || expiresAt === undefined) return;
      const next = clock() + config.ttl;
      if (next - expiresAt < config.ttl * renewAfter) return;
      return store.renew(tokenId, next).catch((error: unknown) => {
        events.failed('a session could not be renewed', error);
      });
    },
  };
}

function toSessionJwt({ iss, jti, subject, issuedAt }: JwtFacts, usedUp: boolean): SessionJwt {
  return { iss, jti, subject, issuedAt, usedUp };
}
