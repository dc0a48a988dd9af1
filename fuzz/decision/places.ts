/** A gate of the fixture: what its configuration says, and the same in the oracle's own words. */
export interface Place {
  /** As `gates` says it. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Hosts that requests to it have; undefined for a gate that only nginx can name. */
  readonly host: RegExp | undefined;
  /** Its paths, resolved; undefined for all that no other gate of the host has. */
  readonly path?: RegExp;
  readonly looks: readonly ('query' | 'subprotocol' | 'bearer' | 'basic' | 'api_key' | 'cookie')[];
  readonly queries: readonly string[];
  readonly cookies: readonly string[];
  /** Methods and paths that need no credential. */
  readonly open?: (method: string, path: string) => boolean;
  /** Origins that are listed; undefined where only pages of the same host count. */
  readonly origins?: RegExp;
  readonly trusts?: (address: string) => boolean;
  readonly admits?: (address: string) => boolean;
  readonly kinds?: readonly string[];
  readonly groups?: string;
  readonly once?: boolean;
  /** Whether the client's `Authorization` goes on to the backend. */
  readonly forwards?: boolean;
}

const everywhere = {
  looks: ['query', 'subprotocol', 'bearer', 'basic', 'cookie'],
  queries: ['token'],
  cookies: ['__Host-postern', 'postern_token'],
} as const;

const isLocal = (address: string) => /^192\.168\.|^fd[0-9a-f]{2}:/.test(address);
const isGet = (method: string) => method === 'GET' || method === 'HEAD';

/** The gates of the fixture by name. */
export const places: Readonly<Record<string, Place>> = {
  app: {
    ...everywhere,
    settings: {
      hosts: ['app.example.com', '*.apps.example.com'],
      public: ['/healthz', 'POST /hooks/*'],
      login: 'https://login.example.com/?rd={url}',
    },
    host: /^(?:app\.example\.com|.+\.apps\.example\.com)$/,
    open: (method, path) =>
      (isGet(method) && /^\/healthz(?:\/|$)/.test(path)) ||
      (method === 'POST' && /^\/hooks\/[^/]+$/.test(path)),
  },
  room: {
    ...everywhere,
    settings: {
      hosts: ['app.example.com'],
      paths: ['/rooms/*/ws', '=/lobby'],
      sources: ['query', 'subprotocol'],
      query: ['ticket'],
      kinds: ['ticket'],
      max_uses: 1,
    },
    host: /^app\.example\.com$/,
    path: /^(?:\/rooms\/[^/]+\/ws|\/lobby)$/,
    looks: ['query', 'subprotocol'],
    queries: ['ticket'],
    kinds: ['ticket'],
  },
  listed: {
    ...everywhere,
    settings: {
      hosts: ['listed.example.com'],
      origins: ['https://*.example.com', 'https://pages.example.net'],
      cookies: ['listed_token'],
    },
    host: /^listed\.example\.com$/,
    cookies: ['__Host-postern', 'listed_token'],
    origins: /^https:\/\/(?:[^/:@]+\.example\.com|pages\.example\.net)\.?(?::443)?$/i,
  },
  lan: {
    ...everywhere,
    settings: {
      hosts: ['lan.example.com'],
      networks: { trust: ['192.168.0.0/16', 'fd00::/8'], deny: ['192.168.66.0/24'] },
    },
    host: /^lan\.example\.com$/,
    trusts: isLocal,
    admits: (address) => !address.startsWith('192.168.66.'),
  },
  office: {
    ...everywhere,
    settings: { hosts: ['office.example.com'], networks: { allow: ['198.51.100.0/24'] } },
    host: /^office\.example\.com$/,
    admits: (address) => address.startsWith('198.51.100.'),
  },
  staff: {
    ...everywhere,
    settings: {
      hosts: ['staff.example.com'],
      require: { groups: ['staff'] },
      sources: ['cookie', 'bearer'],
    },
    host: /^staff\.example\.com$/,
    looks: ['cookie', 'bearer'],
    groups: 'staff',
  },
  once: {
    ...everywhere,
    settings: { hosts: ['once.example.com'], kinds: ['jwt'], jwt_single_use: true },
    host: /^once\.example\.com$/,
    kinds: ['jwt'],
    once: true,
  },
  own: {
    ...everywhere,
    settings: {
      hosts: ['own.example.com'],
      sources: ['query', 'cookie'],
      forward_authorization: true,
      assertion: true,
    },
    host: /^own\.example\.com$/,
    looks: ['query', 'cookie'],
    forwards: true,
  },
  keyed: {
    ...everywhere,
    settings: { hosts: ['keyed.example.com'], sources: ['api_key', 'cookie'] },
    host: /^keyed\.example\.com$/,
    looks: ['api_key', 'cookie'],
  },
  named: { ...everywhere, settings: {}, host: undefined },
};
