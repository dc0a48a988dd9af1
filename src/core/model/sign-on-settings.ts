/** Sign-on services that a gate can ask. `custom` is any other that answers nginx's auth_request. */

export const bridgeServices = [
  'tinyauth',
  'authelia',
  'authentik',
  'oauth2-proxy',
  'vouch',
  'custom',
] as const;

/** A sign-on service that a gate can ask. */
export type BridgeService = (typeof bridgeServices)[number];

/** What a `custom` service can be told about the client's request. */
export const bridgeFacts = ['url', 'uri', 'scheme', 'host', 'method', 'client_address'] as const;

/** One fact about the client's request. */
export type BridgeFact = (typeof bridgeFacts)[number];

/** Headers of an answer that lets through, lower case; undefined where the service has none. */
export interface AnswerHeaders {
  readonly subject: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: string | undefined;
  /** What stands between two groups: one character. */
  readonly groupsSeparator: string;
}

/** What only a `custom` service needs to be told. */
export interface CustomBridge {
  /** Where to ask, below the service's URL. */
  readonly path: string;
  /** Names of headers, as they are sent, by the fact that they carry. */
  readonly requestHeaders: Readonly<Partial<Record<BridgeFact, readonly string[]>>>;
  /** Header of a denial that says where to log in, lower case. */
  readonly loginHeader: string | undefined;
}

/** A sign-on service behind a gate. What is undefined is as usual for the service. */
export interface BridgeSettings {
  readonly service: BridgeService;
  /** Where Postern reaches it: scheme, host, port and perhaps a path that its own paths are below. */
  readonly url: string;
  /**
   * How TinyAuth is told about the request: `original` (5.2 and later, X-Original-URL) or `forwarded`
   * (before 5.2, X-Forwarded-*). It refuses the two together.
   */
  readonly headers: 'original' | 'forwarded';
  /** Names of its session cookies, a `*` at the end for any ending. */
  readonly cookies: readonly string[] | undefined;
  readonly answerHeaders: Partial<AnswerHeaders>;
  /** Where people log in. Behind a `=` at its end comes the address that they asked for. */
  readonly login: string | undefined;
  /** Milliseconds that asking may take, waiting for a turn included. */
  readonly timeout: number;
  /** Most requests at once. */
  readonly maxRequests: number;
  /** Whether a connection is used again, by whoever it was used by. */
  readonly keepConnections: boolean;
  /** Milliseconds that an answer which lets through counts; 0 asks each time. */
  readonly cacheTtl: number;
  /** Set when the service is `custom`. */
  readonly custom: CustomBridge | undefined;
}
