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

/** A sign-on service as a source of identities. */
export interface Bridge {
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
  ): Promise<Identity | Deny>;
}

/** The subject of a request that a service admits without an identity. */
export const anonymousSubject = 'anonymous';
