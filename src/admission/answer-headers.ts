import { renderBackendHeaders } from '../core/gate/backend-headers.ts';
import { authorizationHeader, type Gate } from '../core/gate/gate.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { renderLoginUrl } from '../core/gate/login.ts';
import { loginReturnUrl } from '../core/gate/request-url.ts';
import { setCookieHeaders } from '../core/gate/set-cookie-headers.ts';
import { parseSubprotocolOffer } from '../core/gate/subprotocol.ts';
import type { Assertion } from '../core/model/assertion.ts';
import { formatTimestamp } from '../core/model/audit-entries.ts';
import { denialStatus, renderChallenge } from '../core/model/denial-response.ts';
import { retryAfterSeconds } from '../core/model/throttle.ts';
import type { Allow, Deny } from '../core/model/verdict.ts';
import { containsToken } from '../lib/secret.ts';

/** A header of the response to nginx. */
export type AnswerHeader = readonly [name: string, value: string];

/** Realm of a denial without a gate. */
const realm = 'postern';

/** The headers of an admission. `now` is Unix time in milliseconds. */
export function renderAllowHeaders(allowed: {
  readonly gate: Gate;
  readonly handshake: Handshake;
  readonly verdict: Allow;
  /** Undefined where the backend gets none. */
  readonly assertion: Assertion | undefined;
  readonly now: number;
}): AnswerHeader[] {
  const { gate, handshake, verdict, assertion, now } = allowed;
  const seconds = cacheSeconds(gate, verdict, { assertion, now });
  const headers: AnswerHeader[] = renderBackendHeaders(gate, verdict.identity);
  headers.push(...renderForwardedHeaders(gate, handshake));
  if (assertion !== undefined) headers.push(['X-Postern-Assertion', assertion.jwt]);
  const { expiresAt } = verdict.identity;
  // nginx removes the client's own header of that name where this one is missing.
  if (expiresAt !== undefined) headers.push(['X-Postern-Expires-At', formatTimestamp(expiresAt)]);
  for (const [index, line] of (verdict.setCookies ?? []).entries()) {
    const name = setCookieHeaders[index];
    if (name !== undefined) headers.push([name, line]);
  }
  headers.push(['Cache-Control', seconds > 0 ? `max-age=${seconds}` : 'no-store']);
  return headers;
}

/** The headers of a denial. A page load that may log in gets the address of the login, too. */
export function renderDenyHeaders(denied: {
  readonly gate: Gate | undefined;
  readonly handshake: Handshake | undefined;
  readonly denial: Deny;
  readonly requestId: string;
}): AnswerHeader[] {
  const { gate, handshake, denial, requestId } = denied;
  const page = mayLogIn(handshake, denial) ? handshake : undefined;
  // A 403 of a sign-on service may name a page about it.
  const isForbidden = denial.reason === 'sign_on_forbidden' && handshake?.upgrade === 'none';
  const forbidden = isForbidden ? denial.login : undefined;
  const login = page && gate ? (renderLoginUrl(gate, page) ?? denial.login) : forbidden;
  return [
    ['X-Postern-Reason', denial.reason],
    ['X-Postern-Request-Id', requestId],
    [
      'WWW-Authenticate',
      renderChallenge(gate?.name ?? realm, denial.reason, gate?.challenge ?? ['bearer']),
    ],
    ...(login === undefined ? [] : [['X-Postern-Login', login] as const]),
    ...(page && gate ? [['X-Postern-Return', loginReturnUrl(page, gate.queryNames)] as const] : []),
    ...renderStatus(denial),
    ['Cache-Control', 'no-store'],
  ];
}

/**
 * The status that the nginx files give the client: nginx accepts neither 429 (RFC 6585, section 4) nor 425
 * (RFC 8470, section 5.2) from an auth service.
 */
function renderStatus({ reason, throttle }: Deny): AnswerHeader[] {
  if (reason === 'too_early') return [['X-Postern-Status', '425']];
  if (reason !== 'throttled') return [];
  return [
    ['X-Postern-Status', '429'],
    ['Retry-After', String(retryAfterSeconds(throttle))],
  ];
}

/** Whether a login can help: not for a handshake, which cannot follow a redirect, and not after a 403. */
function mayLogIn(handshake: Handshake | undefined, { reason }: Deny): boolean {
  if (handshake?.upgrade !== 'none' || reason === 'too_early') return false;
  return denialStatus(reason, false) === 401;
}

/**
 * How many seconds nginx may cache an admission: never beyond the expiry of the token or of the assertion,
 * and not at all for tickets, counted tokens, uncached answers of a sign-on service, and answers with its
 * cookies.
 */
function cacheSeconds(
  gate: Gate,
  { identity, source, setCookies }: Allow,
  { assertion, now }: { readonly assertion: Assertion | undefined; readonly now: number },
): number {
  const isOnce = identity.maxUses !== undefined || (gate.jwtSingleUse && identity.jwt);
  const isForeign = source === 'bridge' && !gate.bridge?.cacheTtl;
  if (isOnce || isForeign || setCookies !== undefined) return 0;
  const end = Math.min(identity.expiresAt ?? Infinity, assertion?.expiresAt ?? Infinity);
  // nginx counts in whole seconds of its own, which may end one later.
  const life = Math.floor((end - now) / 1_000) - 1;
  return Math.min(Math.floor(gate.cacheTtl / 1_000), life);
}

/**
 * Headers that the nginx files send to the backend in place of the client's own, which may hold a token.
 * `X-Postern-Subprotocols` goes to the backend as `Sec-WebSocket-Protocol`; where nothing is left
 * for it but the marker, `X-Postern-Subprotocol` goes to the client, as the one that was chosen.
 */
function renderForwardedHeaders(gate: Gate, handshake: Handshake): AnswerHeader[] {
  const { subprotocols, authorization } = handshake;
  const forwarded: AnswerHeader[] = [];
  if (subprotocols !== undefined) {
    const offer = parseSubprotocolOffer(subprotocols, gate);
    // A token in a form that this gate does not read is still no business of the application.
    const application = (offer?.application ?? []).filter((name) => !containsToken(name));
    if (application.length > 0) forwarded.push(['X-Postern-Subprotocols', application.join(', ')]);
    else if (offer?.marker !== undefined) {
      forwarded.push(['X-Postern-Subprotocol', offer.marker]);
    }
  }
  const isGiven = gate.headers.some(({ name }) => name === authorizationHeader);
  if (gate.forwardAuthorization && authorization !== undefined && !isGiven) {
    forwarded.push([authorizationHeader, authorization]);
  }
  return forwarded;
}
