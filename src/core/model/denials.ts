/** What a denial means for the answer, the throttle, the audit log and traces. Every code states all of it. */
export interface DenialRule {
  /**
   * HTTP status for an ordinary request; a WebSocket handshake always gets 401 or 503.
   * 401 asks for (other) credentials, 403 says that no login will help, 503 that Postern cannot tell.
   * nginx's auth_request passes only 401 and 403 to the client; anything else becomes a 500 there.
   */
  readonly status: 401 | 403 | 503;
  /** The `error` attribute of `WWW-Authenticate: Bearer` (RFC 6750, section 3.1), where one applies. */
  readonly bearerError?: 'invalid_token' | 'insufficient_scope';
  /** How the throttle counts it (see failedAttemptWeight). */
  readonly attempt: AttemptRule;
  /**
   * When it goes to the audit log: `handshakes` for what clients get in ordinary use with a page load,
   * which is written for handshakes only.
   */
  readonly audit: 'always' | 'handshakes';
  /** True where Postern, or a service behind it, failed: traces carry an error status. */
  readonly isFault: boolean;
  /** One sentence for people: what happened and what to do. */
  readonly meaning: string;
}

/**
 * How a denial counts as a failed attempt. `none`: honest clients get it again and again (expired,
 * revoked, used, no credential, forbidden by a rule). `guess`: the credential was wrong. `throttled`:
 * already over the limit, so not counted again. `sign_on`: a sign-on service denied what the client
 * presented. `sign_on_timeout`: counts only where the service did not answer in time.
 */
export type AttemptRule = 'none' | 'guess' | 'throttled' | 'sign_on' | 'sign_on_timeout';

/**
 * Every reason for a denial. The codes are API: they appear in `X-Postern-Reason`, in log lines and
 * in the documentation, and are never renamed.
 */
export const denials = {
  untrusted_proxy: {
    status: 401,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The subrequest came from an address that is not in `gate.trusted_proxies`. Add the address of your nginx there.',
  },
  malformed_request: {
    status: 401,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'A fact about the request (URI, host, method, gate, client address) is missing its form or contradicts itself.',
  },
  no_gate: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'No gate is meant: nginx named one that is not in `gates`, or none of `gates` has this host and path.',
  },
  ambiguous_path: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The path can be read in more than one way (dot segments, encoded or doubled slashes, `;`, capitals), and not all of them are at the same gate, equally public, or within the paths of the token; or nginx rewrote it to the place of another gate. `detail` in the log says which readings differ.',
  },
  upgrade_not_websocket: {
    status: 401,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The client asked to upgrade to something else than WebSocket (h2c, for example), or did so with another method than GET.',
  },
  origin_not_allowed: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The page that opened the connection is not on an origin that the gate or the token allows, or a handshake with a cookie came without an `Origin`.',
  },
  no_credential: {
    status: 401,
    attempt: 'none',
    audit: 'handshakes',
    isFault: false,
    meaning: 'No token was presented in any of the places where the gate looks for one.',
  },
  malformed_credential: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'guess',
    audit: 'always',
    isFault: false,
    meaning:
      'What was presented cannot be a token: it is cut short, mistyped, badly encoded, or presented twice with different values; or it is a JWT without what it has to have.',
  },
  unknown_token: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'guess',
    audit: 'always',
    isFault: false,
    meaning:
      'The token has the right form, but it was never issued here, or was pruned long ago; or it is a JWT whose `iss` is none of `jwt.issuers`.',
  },
  expired: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning: 'The token was good until its expiry.',
  },
  revoked: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning: 'The token was revoked.',
  },
  already_used: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The ticket was used already, or the token has no uses left, or the gate takes each JWT once. Ask for a new one.',
  },
  not_yet_valid: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The token is not good yet: look at its `not_before`, or at `nbf` and `iat` of a JWT and the clock of its issuer.',
  },
  invalid_signature: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'guess',
    audit: 'always',
    isFault: false,
    meaning:
      "The JWT is not signed with a key of its issuer, or with none of the issuer's `algorithms`. `detail` in the log says which.",
  },
  wrong_audience: {
    status: 401,
    bearerError: 'invalid_token',
    attempt: 'guess',
    audit: 'always',
    isFault: false,
    meaning: "The JWT was issued for somebody else: its `aud` is none of the issuer's `audience`.",
  },
  too_early: {
    status: 401,
    attempt: 'none',
    audit: 'handshakes',
    isFault: false,
    meaning:
      'The request came as early data of TLS 1.3 or HTTP/3, which can be a replay, and a ticket or a session is at stake. The client gets 425 and sends it again once the handshake of TLS is complete; browsers do that by themselves.',
  },
  throttled: {
    status: 401,
    attempt: 'throttled',
    audit: 'always',
    isFault: false,
    meaning:
      'Too many attempts with wrong credentials came from this network, and this one was wrong too, would have cost work to check, or could have been guessed. Try again later; a token that Postern made passes all the while. `detail` in the log says what was wrong, where it was looked at.',
  },
  too_many_sessions: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'Too many sessions were opened with this token within ten minutes (`sessions.max_per_token`). Use one that is open, or try again later.',
  },
  wrong_gate: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning: 'The token is good, but it was issued for other gates.',
  },
  path_not_allowed: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning: 'The token is good, but it was issued for other paths.',
  },
  network_not_allowed: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The gate or the token is not for this client address; or nginx did not say which address it is.',
  },
  kind_not_accepted: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'The token is good, but the gate does not take its kind (`kinds`), or it is good more often than the gate wants (`max_uses`).',
  },
  insufficient_scope: {
    status: 403,
    bearerError: 'insufficient_scope',
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning: 'Who it is, is known, but without all the scopes that the gate requires.',
  },
  not_admitted: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      'Who it is, is known, but not in the groups, or not with the claims, that the gate requires. `detail` in the log says which.',
  },
  issuer_unavailable: {
    status: 503,
    attempt: 'none',
    audit: 'always',
    isFault: true,
    meaning:
      "The keys of the JWT's issuer cannot be had, and the log says why. Its JWTs are not let through until they can.",
  },
  sign_on_denied: {
    status: 401,
    attempt: 'sign_on',
    audit: 'handshakes',
    isFault: false,
    meaning: "The sign-on service of the gate's `bridge` knows no session here. Log in there.",
  },
  sign_on_forbidden: {
    status: 403,
    attempt: 'none',
    audit: 'always',
    isFault: false,
    meaning:
      "The sign-on service of the gate's `bridge` knows who it is and does not admit them here. Its own rules say why.",
  },
  sign_on_unavailable: {
    status: 503,
    attempt: 'sign_on_timeout',
    audit: 'always',
    isFault: true,
    meaning:
      "The sign-on service of the gate's `bridge` cannot be asked, or its answer cannot be used, and the log says why. Nobody passes by it until it can.",
  },
  store_unavailable: {
    status: 503,
    attempt: 'none',
    audit: 'always',
    isFault: true,
    meaning: 'The token store cannot answer right now. Nothing is let through until it does.',
  },
  internal_error: {
    status: 503,
    attempt: 'none',
    audit: 'always',
    isFault: true,
    meaning: 'Postern met a fault of its own, and the log says which. Nothing is let through.',
  },
} as const satisfies Record<string, DenialRule>;

/** A stable code that says why a request was denied. */
export type DenialCode = keyof typeof denials;

/**
 * The HTTP status of a denial. WebSocket clients cannot act on a 403, so an upgrade gets 401 instead. A 503
 * (cannot decide) stays.
 */
export function denialStatus(reason: DenialCode, upgrading: boolean): 401 | 403 | 503 {
  const { status } = denials[reason];
  return upgrading && status === 403 ? 401 : status;
}

/** The schemes that a gate may name in a challenge. */
export const challengeSchemes = ['bearer', 'basic'] as const;

/** A scheme of a challenge. */
export type ChallengeScheme = (typeof challengeSchemes)[number];

/**
 * The value of `WWW-Authenticate` for a denial at this gate (RFC 6750, section 3, and RFC 7617, section 2).
 * One line, since nginx before 1.23 passes on one; Basic first, since Chromium reads one scheme of each
 * line. Basic is left out where other credentials would not help, so that no browser asks for them.
 */
export function renderChallenge(
  gateName: string,
  reason: DenialCode,
  schemes: readonly ChallengeScheme[],
): string {
  const rule: DenialRule = denials[reason];
  const error = rule.bearerError === undefined ? '' : `, error="${rule.bearerError}"`;
  const bearer = `Bearer realm="${gateName}"${error}`;
  if (!schemes.includes('basic') || rule.status !== 401) return bearer;
  const basic = `Basic realm="${gateName}", charset="UTF-8"`;
  return schemes.includes('bearer') ? `${basic}, ${bearer}` : basic;
}
