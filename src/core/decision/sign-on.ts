import type { Handshake } from '../gate/handshake.ts';
import type { Identity } from '../model/identity.ts';
import type { Deny } from '../model/verdict.ts';

/** What a sign-on service is asked about. */
export interface BridgeRequest {
  readonly handshake: Handshake;
  /** The service's own cookies, as `cookiesOf` gives them. Secret. */
  readonly cookies: string | undefined;
  /** `Authorization` as the client sent it, where it is meant for the service. Secret. */
  readonly authorization: string | undefined;
}

/** Another sign-on service as a source of identities. */
export interface Bridge {
  /**
   * The service's own cookies out of a `Cookie` header, joined again; undefined when there are none.
   * Pure, never throws.
   */
  cookiesOf(cookieHeader: string | undefined): string | undefined;
  /**
   * Asks the service. `now` is Unix time in milliseconds. Never rejects: what cannot be told is
   * denied as `sign_on_unavailable`, and as `throttled` what would have to be asked when `mayWork`
   * says no.
   */
  ask(request: BridgeRequest, now: number, mayWork: () => boolean): Promise<Identity | Deny>;
}

/** The subject of somebody whom a service lets through without knowing them. */
export const anonymousSubject = 'anonymous';
