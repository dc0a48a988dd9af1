import type { Handshake } from '../gate/handshake.ts';
import type { Identity } from '../model/identity.ts';
import type { Deny } from '../model/verdict.ts';

/** A request to a sign-on service. */
export interface BridgeRequest {
  readonly handshake: Handshake;
  /** The service's cookies, from `selectCookies`. Secret. */
  readonly cookies: string | undefined;
  /** `Authorization` as sent by the client, where it is for the service. Secret. */
  readonly authorization: string | undefined;
}

/** An identity that a sign-on service vouches for. */
export interface BridgeIdentity extends Identity {
  /** `Set-Cookie` lines with which the service renews its cookies. Secret; absent where there are none. */
  readonly setCookies?: readonly string[];
}

/** A sign-on service as a source of identities. */
export interface Bridge {
  /** Whether the service may accept `Authorization: Bearer` with a token of its own. */
  readonly acceptsBearer: boolean;
  /**
   * Selects the service's cookies from a `Cookie` header; undefined when there are none. Pure, never
   * throws.
   */
  selectCookies(cookieHeader: string | undefined): string | undefined;
  /**
   * Asks the service. `now` is Unix time in milliseconds. Never rejects: denies as `sign_on_unavailable`
   * without a valid answer, and as `throttled` where a request is needed and `mayDoExpensiveWork` is false.
   */
  ask(
    request: BridgeRequest,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): Promise<BridgeIdentity | Deny>;
}

/** The subject of a request that a service admits without an identity. */
export const anonymousSubject = 'anonymous';
