import type { SessionConfig } from '../config/config.ts';
import type { DecisionPorts } from '../core/decision/context.ts';
import { decide } from '../core/decision/decide.ts';
import { failedAttemptWeight } from '../core/decision/failed-attempts.ts';
import { defaultTokenCookie, type Gate } from '../core/gate/gate.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { holderOf } from '../core/model/audit.ts';
import type { Events } from '../core/model/events.ts';
import type { Identity } from '../core/model/identity.ts';
import { type Deny, deny, isDenial, type Verdict } from '../core/model/verdict.ts';
import { type MaybePromise, mapMaybePromise } from '../lib/maybe-promise.ts';
import { createSecret, tokenPrefix } from '../lib/secret.ts';
import type { TokenStore } from '../store/port/tokens.ts';
import { displacedEntry, newSession, signInEntry } from './new-session.ts';
import { createRefusalSampler } from './refusal-sampler.ts';

/** A session that was just opened. */
export interface OpenedSession {
  /** Goes into the cookie, and nowhere else. */
  readonly secret: string;
  readonly subject: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
  /** Expiry of the cookie in Unix milliseconds; a sliding session may be renewed until then. */
  readonly keepUntil: number;
}

/** Sessions: tokens in cookies that Postern sets. Every method may reject with StoreUnavailable. */
export interface Sessions {
  /**
   * Opens a session for the holder of this token. Uses up a ticket, and a JWT at a gate that takes each
   * JWT once.
   */
  open(token: string, handshake: Handshake, gate: Gate): Promise<OpenedSession | Deny>;
  /**
   * Verifies the handshake's credential, with `admission` also against the rules of the gate. A dry
   * run: uses nothing up. The default token cookie signs nobody in.
   */
  inspect(
    handshake: Handshake,
    gate: Gate,
    purpose: 'sign_in' | 'admission',
  ): MaybePromise<Verdict>;
  /** Revokes the session that the handshake presents, if it presents one. */
  end(handshake: Handshake, gate: Gate): Promise<void>;
  /** Extends a sliding session after a use. Never rejects. */
  renew(identity: Identity): MaybePromise<void>;
}

/** A sliding session is renewed once this part of its lifetime is over, not at each use: fewer writes. */
const renewalFraction = 0.1;

/** Sliding window, in milliseconds, of the limit on sessions opened with one token. */
const openWindowMs = 600_000;

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createSessions(dependencies: {
  readonly store: TokenStore;
  readonly config: SessionConfig;
  readonly ports: DecisionPorts;
  readonly events: Events;
  readonly clock: () => number;
}): Sessions {
  const { store, config, ports, events, clock } = dependencies;
  const sample = createRefusalSampler(openWindowMs);
  const dryRunPorts: DecisionPorts = { ...ports, redeem: async () => undefined };

  function reportDenial(denial: Deny, handshake: Handshake, gate: Gate): Deny {
    const { host, origin, clientAddress: client } = handshake;
    events.signInDenied({ at: clock(), gate: gate.throttleGateName, denial, host, origin, client });
    return denial;
  }

  /** Stores a session for the identity, or denies with `too_many_sessions`. */
  async function openSession(
    identity: Identity,
    handshake: Handshake,
    gate: Gate,
    now: number,
  ): Promise<OpenedSession | Deny> {
    const secret = createSecret(tokenPrefix);
    const { jwtSingleUse } = gate;
    const session = newSession({ identity, secret, now, jwtSingleUse }, config);
    const limits = {
      perParent: config.maxPerToken,
      perSubject: config.maxPerSubject,
      openedSince: now - openWindowMs,
    };
    const outcome = await store.openSession(session, limits, {
      opened: signInEntry(session, identity, handshake.clientAddress),
      ended: (tokenId) => displacedEntry(tokenId, session),
    });
    if ('fullSince' in outcome) {
      const retryAfter = outcome.fullSince + openWindowMs - now;
      const throttle = { retryAfter, record: sample(identity.tokenId, now) };
      return reportDenial({ ...deny('too_many_sessions'), identity, throttle }, handshake, gate);
    }
    const { subject, tokenId: parent } = identity;
    for (const ended of outcome.ended) events.revoked(ended);
    events.sessionOpened({ id: session.id, subject, parent });
    const { expiresAt, renewableUntil: keepUntil } = session;
    return { secret, subject, expiresAt, keepUntil };
  }

  return {
    async open(token, handshake, gate) {
      const now = clock();
      const verdict = await decide(
        {
          handshake: { ...handshake, path: undefined, authorization: `Bearer ${token}` },
          gate: { ...gate, sources: ['bearer'] },
          now,
          purpose: 'sign_in',
        },
        ports,
      );
      if (isDenial(verdict)) return reportDenial(verdict, handshake, gate);
      const { identity } = verdict;
      if (identity.kind === 'session') {
        // A session of a session would survive the revocation of the token behind the first.
        return reportDenial(deny('unknown_token'), handshake, gate);
      }
      return openSession(identity, handshake, gate, now);
    },

    inspect(handshake, gate, purpose) {
      const cookieNames = gate.cookieNames.filter(
        (name) => name !== defaultTokenCookie || name === config.cookieName,
      );
      const inspected = decide(
        {
          handshake,
          gate: purpose === 'sign_in' ? { ...gate, cookieNames } : gate,
          now: clock(),
          purpose,
        },
        dryRunPorts,
      );
      return mapMaybePromise(inspected, (verdict) => {
        // Pages poll this, so only a failed attempt is an event.
        const isFailedAttempt = isDenial(verdict) && failedAttemptWeight(verdict, {}) !== undefined;
        return isFailedAttempt ? reportDenial(verdict, handshake, gate) : verdict;
      });
    },

    async end(handshake, gate) {
      const { identity } = await decide(
        {
          handshake: { ...handshake, path: undefined },
          gate: { ...gate, sources: ['cookie'] },
          now: clock(),
          purpose: 'sign_in',
        },
        dryRunPorts,
      );
      if (identity?.kind !== 'session') return;
      const { tokenId, subject, kind } = identity;
      const now = clock();
      const actor = holderOf(tokenId, { client: handshake.clientAddress });
      const entry = { at: now, event: 'sign_out', actor, tokenId, kind, subject } as const;
      if (await store.revoke(tokenId, now, entry)) events.revoked(tokenId);
    },

    renew({ kind, tokenId, expiresAt }) {
      if (kind !== 'session' || config.expiry !== 'sliding' || expiresAt === undefined) return;
      const renewed = clock() + config.ttl;
      if (renewed - expiresAt < config.ttl * renewalFraction) return;
      return store.renew(tokenId, renewed).catch((error: unknown) => {
        events.failed('a session could not be renewed', error);
      });
    },
  };
}
