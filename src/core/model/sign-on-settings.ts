/** Sign-on services that a gate can use. `custom` is any other that answers nginx's auth_request. */
export const bridgeServices = [
  'tinyauth',
  'authelia',
  'authentik',
  'oauth2-proxy',
  'vouch',
  'custom',
] as const;

/** A sign-on service. */
export type BridgeService = (typeof bridgeServices)[number];

/** The facts about the client's request that can be sent to a `custom` service. */
export const bridgeFacts = ['url', 'uri', 'scheme', 'host', 'method', 'client_address'] as const;

/** One fact about the client's request. */
export type BridgeFact = (typeof bridgeFacts)[number];

/** Names of the identity headers of a service's answer, lower case; undefined where it has none. */
export interface AnswerHeaders {
  readonly subject: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: string | undefined;
  /** The separator of groups, one character. */
  readonly groupsSeparator: string;
}

/** Settings of a `custom` service alone. */
export interface CustomBridge {
  /** Path of its auth endpoint, relative to the service's URL. */
  readonly path: string;
  /** Names of request headers by the fact that they carry. */
  readonly requestHeaders: Readonly<Partial<Record<BridgeFact, readonly string[]>>>;
  /** Header of a denial that holds the login address, lower case. */
  readonly loginHeader: string | undefined;
}

/** The sign-on service of a gate (`bridge`). Undefined fields have the default of the service. */
export interface BridgeSettings {
  readonly service: BridgeService;
  /** Base URL: scheme, host, port and an optional path prefix. */
  readonly url: string;
  /**
   * Headers that describe the request to TinyAuth: `original` (5.1 and later, X-Original-URL) or
   * `forwarded` (5.2 and earlier, X-Forwarded-*). Since 5.2 it refuses the two together.
   */
  readonly headers: 'original' | 'forwarded';
  /** Names of its session cookies; `*` at the end matches any suffix. */
  readonly cookies: readonly string[] | undefined;
  readonly answerHeaders: Partial<AnswerHeaders>;
  /** Login address. If it ends in `=`, the requested address is appended. */
  readonly login: string | undefined;
  /** Timeout of a request in milliseconds, time in the queue included. */
  readonly timeout: number;
  /** Limit of concurrent requests. */
  readonly maxRequests: number;
  /** Whether connections are kept alive and used again. */
  readonly keepConnections: boolean;
  /** Lifetime of a cached allow in milliseconds; 0 for no cache. */
  readonly cacheTtl: number;
  /** Set when the service is `custom`. */
  readonly custom: CustomBridge | undefined;
}
