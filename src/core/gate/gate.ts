import type { NetworkSet } from '../../lib/network.ts';
import type { ChallengeScheme } from '../model/denial-response.ts';
import type { TokenKind } from '../model/identity.ts';
import type { BridgeSettings } from '../model/sign-on-settings.ts';
import type { SourceName } from '../model/source-name.ts';
import type { HostPattern } from './host-pattern.ts';
import type { OriginRules } from './origin.ts';
import type { PathPattern } from './path-pattern.ts';
import type { PublicRoute } from './public-route.ts';
import type { SubprotocolForm } from './subprotocol-form.ts';

/** Where the value of a header for the backend comes from. */
export type HeaderField =
  | 'subject'
  | 'token_id'
  | { readonly claim: string }
  /** A constant, possibly a secret that only the backend may see. */
  | { readonly value: string };

/**
 * Name, in the auth answer, of the header that nginx sends to the backend as `Authorization`. Software on
 * the way could misread a response header of that name.
 */
export const authorizationHeader = 'X-Postern-Authorization';

/** A header for the backend. The client's own header of that name never passes. */
export interface BackendHeader {
  readonly name: string;
  readonly field: HeaderField;
}

/** Rules about client addresses. Undefined where the gate has none. */
export interface NetworkRules {
  /** Admitted without a credential. */
  readonly trust: NetworkSet | undefined;
  /** Subject of clients in `trust`. */
  readonly trustAs: string;
  readonly allow: NetworkSet | undefined;
  readonly deny: NetworkSet | undefined;
}

/** A kind of credential, for a gate's `kinds`. */
export type CredentialKind = TokenKind | 'jwt';

/** All kinds of credentials. */
export const credentialKinds = [
  'token',
  'ticket',
  'session',
  'jwt',
] as const satisfies CredentialKind[];

/**
 * The default of `cookies`. A sibling host could set a cookie of this name, and no operator chose it, so
 * it never signs anybody in.
 */
export const defaultTokenCookie = 'postern_token';

/**
 * The default of `query`. `access_token` is the name of RFC 6750, section 2.3, which clients such as SignalR's
 * have no setting for.
 */
export const defaultQueryNames = ['token', 'access_token'] as const;

/** The rules of a gate. */
export interface GateRules {
  /** Credential sources in order; the first that has a credential decides. */
  readonly sources: readonly SourceName[];
  /** Names of cookies that may hold a token; the first present one counts. */
  readonly cookieNames: readonly string[];
  /** Those of them that open a socket without an `Origin`. */
  readonly cookiesWithoutOrigin: readonly string[];
  /** Names of query parameters that may hold a token; all that a request has hold the same one. */
  readonly queryNames: readonly string[];
  /** Forms of subprotocols with a token, beside Postern's own. */
  readonly subprotocolForms: readonly SubprotocolForm[];
  /** Schemes that a denial asks for. */
  readonly challenge: readonly ChallengeScheme[];
  readonly origins: OriginRules;
  readonly networks: NetworkRules;
  /** Routes that need no credential. */
  readonly publicRoutes: readonly PublicRoute[];
  readonly requirements: Requirements;
  readonly kinds: readonly CredentialKind[];
  /** Credentials with more uses than this are refused; undefined for no limit. */
  readonly maxUses: number | undefined;
  /** Template of the login address for page loads (see renderLoginUrl). */
  readonly login: string | undefined;
  /** Whether the backend gets a signed assertion of the identity. */
  readonly assertion: boolean;
  /** Whether the backend gets the client's `Authorization`. */
  readonly forwardAuthorization: boolean;
  /** Whether a JWT is single-use, as a ticket is. */
  readonly jwtSingleUse: boolean;
  /** Sent with every allow, empty where the identity has no value. */
  readonly headers: readonly BackendHeader[];
  /** How long nginx may cache an allow, in milliseconds; 0 for never. */
  readonly cacheTtl: number;
  /** The sign-on service behind the source `bridge`. */
  readonly bridge: BridgeSettings | undefined;
}

/** A named protected place with its rules. */
export interface Gate extends GateRules {
  readonly name: string;
  /**
   * Name of the gate whose throttle counts failed attempts. Its own, except for signing in: there a client
   * may name any gate of a host, and must not get a budget for each.
   */
  readonly throttleGateName: string;
  /** Empty for every host. Without hosts and paths, only nginx can name the gate. */
  readonly hosts: readonly HostPattern[];
  readonly paths: readonly PathPattern[];
  /** The effective settings in the form of the configuration, without secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Name of the gate where none are configured and nginx names none. */
export const defaultGateName = 'default';

/** Default headers: those of other sign-on services, and the token's public id. */
export const identityHeaders: readonly BackendHeader[] = [
  { name: 'Remote-User', field: 'subject' },
  { name: 'Remote-Email', field: { claim: 'email' } },
  { name: 'Remote-Name', field: { claim: 'name' } },
  { name: 'Remote-Groups', field: { claim: 'groups' } },
  { name: 'X-Postern-Token-Id', field: 'token_id' },
];

/** A required value of a claim; in text, `*` matches any characters. */
export type ClaimValue = string | number | boolean;

/** Requirements on the identity (authorization). Empty lists require nothing. */
export interface Requirements {
  /** All of these have to be in `scope` (RFC 8693, section 4.2), `scopes` or `scp`. */
  readonly scopes: readonly string[];
  /** One of these has to be in `groups`. */
  readonly groups: readonly string[];
  /** Each of these claims has to have one of its values. */
  readonly claims: ReadonlyMap<string, readonly ClaimValue[]>;
}

/** No requirements. */
export const noRequirements: Requirements = { scopes: [], groups: [], claims: new Map() };
