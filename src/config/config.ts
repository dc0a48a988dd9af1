import type { Gate, GateRules } from '../core/gate/gate.ts';
import type { Issuer } from '../core/model/issuer.ts';
import type { NetworkSet } from '../lib/network.ts';
import type { PrefixLengths } from '../lib/network-of.ts';
import type { ListenAddress } from './listen-address.ts';

/** How long things of a kind live, in milliseconds. */
export interface LifetimeConfig {
  readonly defaultTtl: number;
  /** Longest life that may be asked for; undefined when there is no bound. */
  readonly maxTtl: number | undefined;
  /** How long one that ended stays in the store. */
  readonly retention: number;
}

/** How sessions live and what their cookie looks like (RFC 6265bis, section 4.1). */
export interface SessionConfig {
  readonly cookieName: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly expiry: 'fixed' | 'sliding';
  /** Longest life of a sliding session, in milliseconds. */
  readonly maxTtl: number;
  readonly retention: number;
  /** How many may live of one token, and of one subject. */
  readonly maxPerToken: number;
  readonly maxPerSubject: number;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
  readonly partitioned: boolean;
}

/** When failed attempts are too many. */
export interface ThrottleConfig {
  readonly enabled: boolean;
  /** How many may fail within `window` milliseconds. */
  readonly failures: number;
  readonly window: number;
  /** Leading bits of a client's address that name its network. */
  readonly prefixLengths: PrefixLengths;
  /** Clients whose attempts are not counted. */
  readonly exempt: NetworkSet | undefined;
  /** Whether a restart forgets who is throttled, or not. */
  readonly persist: boolean;
}

/** The configuration as the program uses it: complete, typed, durations in milliseconds. */
export interface Config {
  readonly dataDir: string;
  readonly gate: { readonly listen: ListenAddress; readonly trustedProxies: NetworkSet };
  readonly admin: { readonly listen: ListenAddress; readonly key: string | undefined };
  /** Processes that serve. */
  readonly workers: number;
  /** Rules of every gate that nginx names, where `gates` is empty. */
  readonly defaultGate: GateRules & Pick<Gate, 'settings'>;
  readonly gates: readonly Gate[];
  /** Life in milliseconds. */
  readonly assertion: { readonly issuer: string; readonly ttl: number };
  readonly tokens: LifetimeConfig;
  readonly tickets: LifetimeConfig & { readonly maxTtl: number };
  readonly sessions: SessionConfig;
  readonly jwtIssuers: readonly Issuer[];
  readonly audit: {
    /** Milliseconds that an entry stays. */
    readonly retention: number;
    /** Whether denials of handshakes are written. */
    readonly denials: boolean;
  };
  readonly throttle: ThrottleConfig;
  /** Whether anybody who reaches the admin listener may read the metrics. */
  readonly metrics: { readonly public: boolean };
  readonly tracing: { readonly enabled: boolean };
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'json' | 'pretty';
  };
}
