import { isHttpToken } from '../../lib/http-token.ts';
import type { ProbeRequest } from './request.ts';
import { type Target, withParameter } from './target.ts';

/** A token transport: a way to present a token in a handshake. */
export interface TokenTransport {
  readonly name: 'query' | 'subprotocol' | 'Bearer' | 'Basic' | 'cookie';
  request(token: string, names: Names): ProbeRequest;
}

/** Where the gate looks, and where the page is that opens the socket. */
export interface Names {
  readonly target: Target;
  readonly queryName: string;
  readonly cookieName: string;
  readonly origin: string;
}

/** All transports, those of programs and those of browsers. Each comes with the Origin of the page. */
export const tokenTransports: readonly TokenTransport[] = [
  {
    name: 'query',
    request: (token, { target, queryName, origin }) => ({
      path: withParameter(target.path, queryName, token),
      headers: { Origin: origin },
    }),
  },
  {
    name: 'subprotocol',
    request: (token, { origin }) => ({
      headers: { Origin: origin, 'Sec-WebSocket-Protocol': `${tokenSubprotocol(token)}, postern` },
    }),
  },
  {
    name: 'Bearer',
    request: (token, { origin }) => ({
      headers: { Origin: origin, Authorization: `Bearer ${token}` },
    }),
  },
  {
    name: 'Basic',
    request: (token, { origin }) => ({
      headers: {
        Origin: origin,
        Authorization: `Basic ${Buffer.from(`token:${token}`).toString('base64')}`,
      },
    }),
  },
  {
    name: 'cookie',
    request: (token, { cookieName, origin }) => ({
      headers: { Origin: origin, Cookie: `${cookieName}=${token}` },
    }),
  },
];

function tokenSubprotocol(token: string): string {
  return isHttpToken(token)
    ? `postern.bearer.${token}`
    : `postern.bearer64.${Buffer.from(token).toString('base64url')}`;
}
