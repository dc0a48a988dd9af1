import type { DenialRule } from './denial-rule.ts';

/** The subrequest or the upgrade itself is not acceptable: no credential would help. */
const unacceptable = {
  status: 401,
  attempt: 'none',
  audit: 'always',
  isFault: false,
} as const;

/** The identity is known, or does not matter: a rule of the gate or of the token says no. */
const forbidden = {
  status: 403,
  attempt: 'none',
  audit: 'always',
  isFault: false,
} as const;

/** The credential was wrong, which counts as a guess. */
const wrongCredential = {
  status: 401,
  bearerError: 'invalid_token',
  attempt: 'guess',
  audit: 'always',
  isFault: false,
} as const;

/** The token is a real one that does not admit now. Honest clients retry with it, so it is no guess. */
const unusableToken = {
  status: 401,
  bearerError: 'invalid_token',
  attempt: 'none',
  audit: 'always',
  isFault: false,
} as const;

/** Postern, or a service behind it, cannot answer. */
const unavailable = {
  status: 503,
  attempt: 'none',
  audit: 'always',
  isFault: true,
} as const;

/**
 * Every reason for a denial. The codes are API: they appear in `X-Postern-Reason`, in log lines and
 * in the documentation, and are never renamed.
 */
export const denials = {
  untrusted_proxy: {
    ...unacceptable,
    meaning:
      'The subrequest came from an address that is not in `gate.trusted_proxies`. Add the address of your nginx there.',
  },
  malformed_request: {
    ...unacceptable,
    meaning:
      'A header that describes the request (URI, host, method, gate, client address) is missing, malformed, or contradicts another one.',
  },
  no_gate: {
    ...forbidden,
    meaning:
      'The request matches no gate: nginx named one that is not in `gates`, or no gate has this host and path.',
  },
  ambiguous_path: {
    ...forbidden,
    meaning:
      'The path can be read in more than one way (dot segments, encoded or doubled slashes, `;`, capitals), and the readings belong to different gates, differ in being public, or leave the paths of the token; or nginx rewrote the path to one of another gate. `detail` in the log says which readings differ.',
  },
  upgrade_not_websocket: {
    ...unacceptable,
    meaning:
      'The client asked to upgrade to a protocol other than WebSocket (for example h2c), or used a method other than GET.',
  },
  origin_not_allowed: {
    ...forbidden,
    meaning:
      'The page that opened the connection is on an origin that the gate or the token does not allow, or a handshake with a cookie has no `Origin`.',
  },
  no_credential: {
    status: 401,
    attempt: 'none',
    audit: 'handshakes',
    isFault: false,
    meaning: 'The request has no token in any place where the gate looks for one.',
  },
  malformed_credential: {
    ...wrongCredential,
    meaning:
      'The credential cannot be a token: it is truncated, mistyped, badly encoded, or present twice with different values; or it is a JWT without a required claim.',
  },
  unknown_token: {
    ...wrongCredential,
    meaning:
      'The token is well-formed, but it was never issued here, or its record was deleted after the retention time; or it is a JWT whose `iss` is not in `jwt.issuers`.',
  },
  expired: {
    ...unusableToken,
    meaning: 'The token has expired.',
  },
  revoked: {
    ...unusableToken,
    meaning: 'The token was revoked.',
  },
  already_used: {
    ...unusableToken,
    meaning:
      'The ticket was already used, the token has no uses left, or the gate accepts each JWT once. Get a new one.',
  },
  not_yet_valid: {
    ...unusableToken,
    meaning:
      'The token is not valid yet: check its `not_before`, or `nbf` and `iat` of a JWT and the clock of its issuer.',
  },
  invalid_signature: {
    ...wrongCredential,
    meaning:
      "The JWT is not signed with a key of its issuer, or not with one of the issuer's `algorithms`. `detail` in the log says which.",
  },
  wrong_audience: {
    ...wrongCredential,
    meaning:
      "The JWT was issued for another audience: its `aud` is not in the issuer's `audience`.",
  },
  too_early: {
    status: 401,
    attempt: 'none',
    audit: 'handshakes',
    isFault: false,
    meaning:
      'The request was early data of TLS 1.3 or HTTP/3, which can be a replay, and the credential is single-use or a session. The client gets 425 and retries after the TLS handshake; browsers do that automatically.',
  },
  throttled: {
    status: 401,
    attempt: 'throttled',
    audit: 'always',
    isFault: false,
    meaning:
      'Too many attempts with wrong credentials came from this network, and this credential was also wrong, is expensive to check, or could have been guessed. Try again later; valid tokens that Postern issued still pass. `detail` in the log says what was wrong, if it was checked.',
  },
  too_many_sessions: {
    ...forbidden,
    meaning:
      'Too many sessions were opened with this token within ten minutes (`sessions.max_per_token`). Use an open session, or try again later.',
  },
  wrong_gate: {
    ...forbidden,
    meaning: 'The token is valid, but it was issued for other gates.',
  },
  path_not_allowed: {
    ...forbidden,
    meaning: 'The token is valid, but it was issued for other paths.',
  },
  network_not_allowed: {
    ...forbidden,
    meaning:
      'The gate or the token does not allow this client address, or nginx did not send the client address.',
  },
  kind_not_accepted: {
    ...forbidden,
    meaning:
      'The token is valid, but the gate does not accept its kind (`kinds`), or the token has more uses than the gate allows (`max_uses`).',
  },
  insufficient_scope: {
    status: 403,
    bearerError: 'insufficient_scope',
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning: 'The identity is known, but does not have all the scopes that the gate requires.',
  },
  not_admitted: {
    ...forbidden,
    meaning:
      'The identity is known, but does not have a group or a claim that the gate requires. `detail` in the log says which.',
  },
  issuer_unavailable: {
    ...unavailable,
    meaning:
      "The keys of the JWT's issuer are unavailable; the log says why. Its JWTs are denied until the keys are available.",
  },
  sign_on_denied: {
    status: 401,
    attempt: 'sign_on',
    audit: 'handshakes',
    isFault: false,
    meaning: "The sign-on service of the gate's `bridge` does not know this session. Log in there.",
  },
  sign_on_forbidden: {
    ...forbidden,
    meaning:
      "The sign-on service of the gate's `bridge` knows this user and does not allow access here. Its own rules say why.",
  },
  sign_on_unavailable: {
    status: 503,
    attempt: 'sign_on_timeout',
    audit: 'always',
    isFault: true,
    meaning:
      "The sign-on service of the gate's `bridge` is unreachable, or its answer is unusable; the log says why. Requests that depend on it are denied until then.",
  },
  store_unavailable: {
    ...unavailable,
    meaning: 'The token store is unavailable. Requests that need it are denied until it answers.',
  },
  internal_error: {
    ...unavailable,
    meaning: 'Postern failed with an internal error; the log says which. The request is denied.',
  },
} as const satisfies Record<string, DenialRule>;

/** A stable code that says why a request was denied. */
export type DenialCode = keyof typeof denials;
