import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply } from 'fastify';
import type { SessionConfig } from '../config/config.ts';
import type { OpenedSession } from './service.ts';

/** Sets the session cookie: `HttpOnly` and `Secure` (RFC 6265bis). */
export function setSessionCookie(
  reply: FastifyReply,
  config: SessionConfig,
  { secret, keepUntil }: OpenedSession,
): void {
  reply.setCookie(config.cookieName, secret, {
    ...attributes(config),
    expires: new Date(keepUntil),
  });
}

/** Deletes the session cookie. */
export function clearSessionCookie(reply: FastifyReply, config: SessionConfig): void {
  reply.clearCookie(config.cookieName, attributes(config));
}

function attributes({ domain, sameSite, partitioned }: SessionConfig): CookieSerializeOptions {
  return {
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite,
    partitioned,
    ...(domain !== undefined && { domain }),
  };
}
