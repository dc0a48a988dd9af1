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
