import type { NetworkSet } from '../../lib/network.ts';
import type { TokenKind } from '../model/identity.ts';
import type { BridgeSettings } from '../model/sign-on-settings.ts';
import type { SourceName } from '../model/source-name.ts';
import type { HostPattern } from './host-pattern.ts';
import type { OriginRules } from './origin.ts';
import type { PathPattern } from './path-pattern.ts';
import type { PublicPlace } from './public-place.ts';

/** Where the value of a header for the backend comes from. */
export type HeaderField =
  | 'subject'
  | 'token_id'
  | { readonly claim: string }
  /** The same for everybody; may be a secret that only the backend is to see. */
  | { readonly value: string };

/**
 * What the backend's `Authorization` is called in an answer: a header of that name there would be
 * taken for something else along the way.
 */
export const authorizationHeader = 'X-Postern-Authorization';

/** A header that the backend gets, and only from here. */
export interface BackendHeader {
  readonly name: string;
  readonly field: HeaderField;
}

/** Which client addresses a gate treats in its own way. Undefined where it names none. */
export interface NetworkRules {
  /** Let in without a credential, */
  readonly trust: NetworkSet | undefined;
  /** as this subject. */
  readonly trustAs: string;
  readonly allow: NetworkSet | undefined;
  readonly deny: NetworkSet | undefined;
}

/** What can be presented to a gate that has kinds. */
export type CredentialKind = TokenKind | 'jwt';

/** All of them. */
export const credentialKinds = [
  'token',
  'ticket',
  'session',
  'jwt',
] as const satisfies CredentialKind[];

/**
 * The cookie that may hold a token unless others are named. Any host beside this one could set it, too,
 * and nobody has chosen that it signs people in.
 */
export const plainCookie = 'postern_token';

/** The rules of a gate. */
export interface GateRules {
  /** Places to look for a credential, in this order; the first that holds one decides. */
  readonly sources: readonly SourceName[];
  /** Names of cookies that may hold a token; the first that is there counts. */
  readonly cookieNames: readonly string[];
  /** Names of query parameters that may hold a token; one of them, once, in a request. */
  readonly queryNames: readonly string[];
  readonly origins: OriginRules;
  readonly networks: NetworkRules;
  /** Let through for anybody, as nobody. */
  readonly publicPlaces: readonly PublicPlace[];
  readonly requirements: Requirements;
  readonly kinds: readonly CredentialKind[];
  /** A credential that is good more often than this is not taken; undefined for no bound. */
  readonly maxUses: number | undefined;
  /** Where page loads are sent to sign in (see renderLogin); undefined for nowhere. */
  readonly login: string | undefined;
  /** Whether the backend gets a signed assertion of who is there. */
  readonly assertion: boolean;
  /** Whether the backend gets the client's `Authorization`. */
  readonly forwardAuthorization: boolean;
  /** Whether a JWT is good for one admission only, as a ticket is. */
  readonly jwtSingleUse: boolean;
  /** Sent with every answer that lets a request through, empty where the identity has no value. */
  readonly headers: readonly BackendHeader[];
  /** For how long nginx may keep an answer, in milliseconds; 0 for not at all. */
  readonly cacheTtl: number;
  /** The sign-on service that is asked where the source `bridge` is reached. */
  readonly bridge: BridgeSettings | undefined;
}

/** A named protected place with its rules. */
export interface Gate extends GateRules {
  readonly name: string;
  /**
   * Name of the gate that failed attempts count at: its own, but for signing in, where a client may name
   * any gate and is not to get a budget for each.
   */
  readonly countedAt: string;
  /** Empty for every host, and with no paths either for a gate that only nginx can name. */
  readonly hosts: readonly HostPattern[];
  readonly paths: readonly PathPattern[];
  /** The settings in force as a configuration would say them, without secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Name of the gate that answers when nginx names none and there are no others. */
export const defaultGateName = 'default';

/** The headers that other sign-on services use as well, and the token's public id. */
export const identityHeaders: readonly BackendHeader[] = [
  { name: 'Remote-User', field: 'subject' },
  { name: 'Remote-Email', field: { claim: 'email' } },
  { name: 'Remote-Name', field: { claim: 'name' } },
  { name: 'Remote-Groups', field: { claim: 'groups' } },
  { name: 'X-Postern-Token-Id', field: 'token_id' },
];

/** A value that a claim may have; in text, `*` stands for anything. */
export type ClaimValue = string | number | boolean;

/** What an identity has to be, beside being one. Empty lists ask for nothing. */
export interface Requirements {
  /** All of these have to be in `scope` (RFC 8693, section 4.2) or `scopes`. */
  readonly scopes: readonly string[];
  /** One of these has to be in `groups`. */
  readonly groups: readonly string[];
  /** Each of these claims has to have one of its values. */
  readonly claims: ReadonlyMap<string, readonly ClaimValue[]>;
}

/** Asks for nothing. */
export const noRequirements: Requirements = { scopes: [], groups: [], claims: new Map() };
