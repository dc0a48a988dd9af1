import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { SessionConfig } from '../config/config.ts';
import type { GateRouter } from '../core/gate/gate-router.ts';
import { signInPolicy } from '../core/gate/sign-in-policy.ts';
import { maxCredentialLength } from '../core/model/credential.ts';
import { denials } from '../core/model/denials.ts';
import { type Deny, isDenial } from '../core/model/verdict.ts';
import { acceptForms } from '../http/bodies.ts';
import type { NetworkSet } from '../lib/network.ts';
import { clearSessionCookie, setSessionCookie } from './cookie.ts';
import { refuse, sendLoginPage, setRefusalStatus } from './replies.ts';
import { chooseReturnAddress, requestedReturnUrl } from './return-address.ts';
import type { OpenedSession, Sessions } from './service.ts';
import { createSignInRequests, queryParameter, type SignInRequest } from './sign-in-request.ts';

const tokenBody = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: maxCredentialLength }),
    rd: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** The services of one configuration. */
interface SessionServices {
  readonly config: {
    readonly sessions: SessionConfig;
    readonly gate: { readonly trustedProxies: NetworkSet };
  };
  readonly sessions: Sessions;
  readonly gates: GateRouter;
}

/** What the routes that nginx forwards under `/.postern/` work with. */
export interface SessionRouteDependencies {
  /** The services in force. */
  readonly current: () => SessionServices;
}

/** The public routes of the gate: sign in, sign out, who am I, and a login page. */
export function sessionRoutes(dependencies: SessionRouteDependencies): FastifyPluginAsyncTypebox {
  const { current } = dependencies;
  const requests = createSignInRequests(current);

  async function signIn(
    token: string,
    { handshake, gate }: SignInRequest,
    reply: FastifyReply,
  ): Promise<OpenedSession | Deny> {
    const { config, gates, sessions } = current();
    const policy = signInPolicy(gate, gates.forHost(handshake.host));
    const opened = await sessions.open(token, handshake, policy);
    if (!isDenial(opened)) setSessionCookie(reply, config.sessions, opened);
    return opened;
  }

  return async (app) => {
    await acceptForms(app);
    app.addHook('onRequest', requests.onRequest);

    app.options('/session', async (_request, reply) => {
      return reply
        .code(204)
        .header('Access-Control-Allow-Methods', 'GET, POST, DELETE')
        .header('Access-Control-Allow-Headers', 'Content-Type, Authorization')
        .header('Access-Control-Max-Age', '600')
        .send();
    });

    app.get('/session', async (request) => {
      const { handshake, gate } = requests.of(request);
      const path = queryParameter(handshake, 'path');
      const isAdmission = path !== undefined || queryParameter(handshake, 'gate') !== undefined;
      const purpose = isAdmission ? 'admission' : 'sign_in';
      const verdict = await current().sessions.inspect({ ...handshake, path }, gate, purpose);
      if (verdict.verdict === 'deny') {
        const { reason } = verdict;
        return { signed_in: false, reason, meaning: denials[reason].meaning };
      }
      const { subject, kind, expiresAt } = verdict.identity;
      const expires = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
      return { signed_in: true, subject, kind, expires_at: expires };
    });

    const postSession = { preValidation: readBearerToken, schema: { body: tokenBody } };
    app.post('/session', postSession, async (request, reply) => {
      const opened = await signIn(request.body.token, requests.of(request), reply);
      return isDenial(opened) ? refuse(reply, opened.reason, opened) : reply.code(204).send();
    });

    app.delete('/session', async (request, reply) => {
      const { handshake, gate } = requests.of(request);
      const { config, sessions } = current();
      await sessions.end(handshake, gate);
      clearSessionCookie(reply, config.sessions);
      return reply.code(204).send();
    });

    app.get('/login', async (request, reply) => {
      const signInRequest = requests.of(request);
      const returnTo = returnAddress(signInRequest, requestedReturnUrl(signInRequest.handshake));
      return sendLoginPage(reply, { returnTo });
    });

    // The login page's form, for browsers without scripts.
    app.post('/login', { schema: { body: tokenBody } }, async (request, reply) => {
      const signInRequest = requests.of(request);
      if (signInRequest.handshake.origin === undefined) return refuse(reply, 'origin_not_allowed');
      const returnTo = returnAddress(signInRequest, request.body.rd);
      const opened = await signIn(request.body.token.trim(), signInRequest, reply);
      if (!isDenial(opened)) return reply.code(303).header('Location', returnTo).send();
      setRefusalStatus(reply, opened.reason, opened);
      return sendLoginPage(reply, { returnTo, problem: denials[opened.reason].meaning });
    });
  };
}

/**
 * Takes the token from `Authorization: Bearer` where there is no body. Refuses a form without an
 * `Origin` (login CSRF): a foreign page can make a browser send that, but neither JSON nor the header.
 */
async function readBearerToken(request: FastifyRequest, reply: FastifyReply) {
  const type = request.headers['content-type'] ?? '';
  const hasBearer = request.headers.authorization !== undefined;
  const isSafe = type.startsWith('application/json') || hasBearer;
  if (!isSafe && request.headers.origin === undefined) return refuse(reply, 'origin_not_allowed');
  if (hasBearer && request.body === undefined) {
    const token = /^bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    request.body = { token: token ?? '' };
  }
}

function returnAddress({ handshake, gate }: SignInRequest, requested: string | undefined): string {
  return chooseReturnAddress(requested, handshake, gate.origins);
}
