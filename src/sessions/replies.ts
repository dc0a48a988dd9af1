import type { FastifyReply } from 'fastify';
import { denialStatus } from '../core/model/denial-response.ts';
import { type DenialCode, denials } from '../core/model/denials.ts';
import { retryAfterSeconds } from '../core/model/throttle.ts';
import type { Deny } from '../core/model/verdict.ts';
import { loginPage, securityHeaders } from './login-page.ts';

/**
 * Sets the status of a refusal. No auth_request stands between here and the client, so too many attempts
 * are 429 (RFC 6585) and early data is 425 (RFC 8470).
 */
export function setRefusalStatus(
  reply: FastifyReply,
  reason: DenialCode,
  denial?: Deny,
): FastifyReply {
  if (reason === 'too_early') return reply.code(425);
  if (reason !== 'throttled' && reason !== 'too_many_sessions') {
    return reply.code(denialStatus(reason, false));
  }
  return reply.code(429).header('Retry-After', retryAfterSeconds(denial?.throttle));
}

/** Refuses a request of a page, with the reason as a header and as JSON. */
export function refuse(reply: FastifyReply, reason: DenialCode, denial?: Deny): FastifyReply {
  return setRefusalStatus(reply, reason, denial)
    .header('X-Postern-Reason', reason)
    .send({ signed_in: false, reason, meaning: denials[reason].meaning });
}

/** Sends the login page. The status is set by the caller. */
export function sendLoginPage(
  reply: FastifyReply,
  content: { returnTo: string; problem?: string },
): FastifyReply {
  const { html, nonce } = loginPage(content);
  return reply.headers(securityHeaders(nonce)).type('text/html; charset=utf-8').send(html);
}
