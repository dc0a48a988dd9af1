import type { SourceName } from './credential.ts';
import type { OriginRules } from './origin.ts';

/** Where the value of an identity header comes from. */
export type IdentityField = 'subject' | 'token_id' | { readonly claim: string };

/** A header that tells the backend who is there. */
export interface IdentityHeader {
  readonly name: string;
  readonly field: IdentityField;
}

/** A named protected place with its rules. */
export interface Gate {
  readonly name: string;
  /** Places to look for a credential, in this order; the first that holds one decides. */
  readonly sources: readonly SourceName[];
  /** Names of cookies that may hold a token; the first that is there counts. */
  readonly cookieNames: readonly string[];
  /** Names of query parameters that may hold a token; one of them, once, in a request. */
  readonly queryNames: readonly string[];
  readonly origins: OriginRules;
  /** Whether the backend gets a signed assertion of who is there. */
  readonly assertion: boolean;
  /** Whether the backend gets the client's `Authorization`. */
  readonly forwardAuthorization: boolean;
  /** Whether a JWT is good for one admission only, as a ticket is. */
  readonly jwtSingleUse: boolean;
  /** Sent with every answer that lets a request through, empty where the identity has no value. */
  readonly identityHeaders: readonly IdentityHeader[];
}

/** Name of the gate that answers when nginx names none. */
export const defaultGateName = 'default';

/** The headers that other sign-on services use as well, and the token's public id. */
export const defaultIdentityHeaders: readonly IdentityHeader[] = [
  { name: 'Remote-User', field: 'subject' },
  { name: 'Remote-Email', field: { claim: 'email' } },
  { name: 'Remote-Name', field: { claim: 'name' } },
  { name: 'Remote-Groups', field: { claim: 'groups' } },
  { name: 'X-Postern-Token-Id', field: 'token_id' },
];
