import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { readSubrequest } from '../admission/read-subrequest.ts';
import type { SessionConfig } from '../config/config.ts';
import type { Gate } from '../core/gate/gate.ts';
import type { GateChoice } from '../core/gate/gate-choice.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { isOriginAllowed } from '../core/gate/origin.ts';
import { mergedHostPolicy, signInPolicy } from '../core/gate/site-gate.ts';
import { type DenialCode, denialStatus, denials } from '../core/model/denials.ts';
import { retrySeconds } from '../core/model/throttle.ts';
import { type Deny, isDenial } from '../core/model/verdict.ts';
import { readForms } from '../http/bodies.ts';
import type { NetworkSet } from '../lib/network.ts';
import { clearSessionCookie, setSessionCookie } from './cookie.ts';
import { loginPage, securityHeaders } from './login-page.ts';
import { chooseReturnAddress } from './return-address.ts';
import type { OpenedSession, Sessions } from './service.ts';

const tokenBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 8_192 }), rd: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

/** What the routes that nginx forwards under `/.postern/` work with. */
export interface SessionRouteDependencies {
  /** The services in force. */
  readonly current: () => {
    readonly config: {
      readonly sessions: SessionConfig;
      readonly gate: { readonly trustedProxies: NetworkSet };
    };
    readonly sessions: Sessions;
    readonly gates: GateChoice;
  };
}

/** A request as a handshake, at its gate. */
interface Place {
  readonly handshake: Handshake;
  readonly gate: Gate;
}

/** The public part of the gate: sign in, sign out, who am I, and a page to sign in with. */
export function sessionRoutes(dependencies: SessionRouteDependencies): FastifyPluginAsyncTypebox {
  const { current } = dependencies;

  const places = new WeakMap<FastifyRequest, Place>();

  /**
   * Finds out where the request is, and refuses it when it is not to be served. Runs before anything
   * is validated, so that a page elsewhere may read what was wrong.
   */
  async function locate(request: FastifyRequest, reply: FastifyReply) {
    reply.header('Cache-Control', 'no-store').header('Vary', 'Origin');
    const { config, gates } = current();
    const { handshake } = readSubrequest(request.raw, config.gate.trustedProxies);
    if (isDenial(handshake)) return refuse(reply, handshake.reason);
    // What signs in or out is not to be replayed, and who that is, is not told to whoever replays.
    if (handshake.isEarly) return refuse(reply, 'too_early');
    const here = gates.atHost(handshake.host);
    const chosen = gateFor(handshake, here);
    if (chosen === undefined) return refuse(reply, 'no_gate');
    // One count for all of a host: whichever gate a client names, there is one budget.
    const gate: Gate = { ...chosen, countedAt: here[0]?.countedAt ?? chosen.countedAt };
    if (handshake.origin !== undefined) {
      // A page elsewhere may neither sign a visitor in as somebody else nor ask who they are.
      if (!isOriginAllowed(handshake, gate.origins)) return refuse(reply, 'origin_not_allowed');
      reply.header('Access-Control-Allow-Origin', handshake.origin);
      reply.header('Access-Control-Allow-Credentials', 'true');
    }
    places.set(request, { handshake, gate });
  }

  /**
   * The gate whose rules hold for signing in: the one that the page names with `gate` or by a `path`
   * of its own, if it is at this host, and else what all gates at this host have in common.
   */
  function gateFor(handshake: Handshake, here: readonly Gate[]): Gate | undefined {
    const { gates } = current();
    const name = parameter(handshake, 'gate') ?? handshake.gateName;
    if (name !== undefined) return gates.named(name, handshake.host);
    const path = parameter(handshake, 'path');
    if (path === undefined) return mergedHostPolicy(here);
    const chosen = gates.choose({
      gateName: undefined,
      host: handshake.host,
      path,
      locationPath: undefined,
    });
    return isDenial(chosen) ? undefined : chosen.gate;
  }

  function placeOf(request: FastifyRequest): Place {
    const place = places.get(request);
    if (place === undefined) throw new Error('the request was not located');
    return place;
  }

  async function open(
    token: string,
    at: Place,
    reply: FastifyReply,
  ): Promise<OpenedSession | Deny> {
    const { handshake } = at;
    const { config, gates, sessions } = current();
    const gate = signInPolicy(at.gate, gates.atHost(handshake.host));
    const opened = await sessions.open(token, handshake, gate);
    if (isDenial(opened)) return opened;
    setSessionCookie(reply, config.sessions, opened);
    return opened;
  }

  return async (app) => {
    await readForms(app);
    app.addHook('onRequest', locate);

    app.options('/session', async (_request, reply) => {
      return reply
        .code(204)
        .header('Access-Control-Allow-Methods', 'GET, POST, DELETE')
        .header('Access-Control-Allow-Headers', 'Content-Type, Authorization')
        .header('Access-Control-Max-Age', '600')
        .send();
    });

    app.get('/session', async (request) => {
      const at = placeOf(request);
      const asked = {
        path: parameter(at.handshake, 'path'),
        gate: parameter(at.handshake, 'gate'),
      };
      const isAdmission = asked.gate !== undefined || asked.path !== undefined;
      const verdict = await current().sessions.look(
        { ...at.handshake, path: asked.path },
        at.gate,
        isAdmission ? 'admission' : 'sign_in',
      );
      if (verdict.verdict === 'deny') {
        const { reason } = verdict;
        return { signed_in: false, reason, meaning: denials[reason].meaning };
      }
      const { subject, kind, expiresAt } = verdict.identity;
      const until = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
      return { signed_in: true, subject, kind, expires_at: until };
    });

    app.post(
      '/session',
      {
        // A page that a stranger wrote can send a form without an Origin, but no JSON.
        preValidation: async (request, reply) => {
          const type = request.headers['content-type'] ?? '';
          const hasBearer = request.headers.authorization !== undefined;
          const isSafe = type.startsWith('application/json') || hasBearer;
          if (!isSafe && request.headers.origin === undefined) {
            return refuse(reply, 'origin_not_allowed');
          }
          if (hasBearer && request.body === undefined) {
            const token = /^bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
            request.body = { token: token ?? '' };
          }
        },
        schema: { body: tokenBody },
      },
      async (request, reply) => {
        const at = placeOf(request);
        const opened = await open(request.body.token, at, reply);
        return isDenial(opened) ? refuse(reply, opened.reason, opened) : reply.code(204).send();
      },
    );

    app.delete('/session', async (request, reply) => {
      const at = placeOf(request);
      const { config, sessions } = current();
      await sessions.end(at.handshake, at.gate);
      clearSessionCookie(reply, config.sessions);
      return reply.code(204).send();
    });

    app.get('/login', async (request, reply) => {
      const at = placeOf(request);
      return sendPage(reply, 200, { returnTo: returnAddress(at, askedAddress(at.handshake)) });
    });

    // For browsers without scripts: the page's form.
    app.post('/login', { schema: { body: tokenBody } }, async (request, reply) => {
      const at = placeOf(request);
      if (at.handshake.origin === undefined) return refuse(reply, 'origin_not_allowed');
      const returnTo = returnAddress(at, request.body.rd);
      const opened = await open(request.body.token.trim(), at, reply);
      if (!isDenial(opened)) return reply.code(303).header('Location', returnTo).send();
      const { reason } = opened;
      const status = refusalStatus(reply, reason, opened);
      return sendPage(reply, status, { returnTo, problem: denials[reason].meaning });
    });
  };
}

/** A parameter of the page's own query, when it is there once. */
function parameter({ query }: Handshake, name: string): string | undefined {
  const values = new URLSearchParams(query ?? '').getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

function returnAddress(at: Place, asked: string | undefined): string {
  return chooseReturnAddress(asked, at.handshake, at.gate.origins);
}

/**
 * The parameter `rd`, percent-encoded as the shipped files have it. Lines of one's own may write the address as it
 * is, since nginx cannot encode: then it is everything behind the first `rd=`, with `?` and `&` of its own.
 */
function askedAddress({ query }: Handshake): string | undefined {
  const match = /(?:^|&)rd=(.*)$/.exec(query ?? '');
  const raw = match?.[1];
  if (raw === undefined || !/^(?:https?%3a|%2f)/i.test(raw)) return raw;
  try {
    return decodeURIComponent(raw.replace(/&.*$/s, ''));
  } catch {
    return undefined;
  }
}

/**
 * There is no auth_request between here and the client, so too many attempts are 429 (RFC 6585) and early data
 * 425 (RFC 8470).
 */
function refusalStatus(reply: FastifyReply, reason: DenialCode, denial?: Deny): number {
  if (reason === 'too_early') return 425;
  if (reason !== 'throttled' && reason !== 'too_many_sessions') return denialStatus(reason, false);
  reply.header('Retry-After', retrySeconds(denial?.throttle));
  return 429;
}

function refuse(reply: FastifyReply, reason: DenialCode, denial?: Deny): FastifyReply {
  return reply
    .code(refusalStatus(reply, reason, denial))
    .header('X-Postern-Reason', reason)
    .send({ signed_in: false, reason, meaning: denials[reason].meaning });
}

function sendPage(
  reply: FastifyReply,
  status: number,
  content: { returnTo: string; problem?: string },
): FastifyReply {
  const { html, nonce } = loginPage(content);
  reply.code(status).headers(securityHeaders(nonce)).type('text/html; charset=utf-8');
  return reply.send(html);
}
