import type { Gate, GateRules } from '../core/gate/gate.ts';
import type { Issuer } from '../core/model/issuer.ts';
import type { NetworkSet } from '../lib/network.ts';
import type { PrefixLengths } from '../lib/network-of.ts';
import type { ListenAddress } from './listen-address.ts';

/** Lifetimes of one kind of token, in milliseconds. */
export interface LifetimeConfig {
  readonly defaultTtl: number;
  /** Longest lifetime that can be requested; undefined for no limit. */
  readonly maxTtl: number | undefined;
  /** How long an expired or revoked one stays in the store. */
  readonly retention: number;
}

/** Lifetime of sessions and attributes of their cookie (RFC 6265bis, section 4.1). */
export interface SessionConfig {
  readonly cookieName: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly expiry: 'fixed' | 'sliding';
  /** Longest lifetime of a sliding session, in milliseconds. */
  readonly maxTtl: number;
  readonly retention: number;
  /** Limits on active sessions, by token and by subject. */
  readonly maxPerToken: number;
  readonly maxPerSubject: number;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
  readonly partitioned: boolean;
}

/** Rate limit on failed attempts. */
export interface ThrottleConfig {
  readonly enabled: boolean;
  /** Allowed failures within `window` milliseconds. */
  readonly failures: number;
  readonly window: number;
  /** Prefix lengths of a client's network. */
  readonly prefixLengths: PrefixLengths;
  /** Clients whose attempts are not counted. */
  readonly exempt: NetworkSet | undefined;
  /** Whether counters survive a restart. */
  readonly persist: boolean;
}

/** The typed, complete configuration. Durations are in milliseconds. */
export interface Config {
  readonly dataDir: string;
  readonly gate: { readonly listen: ListenAddress; readonly trustedProxies: NetworkSet };
  readonly admin: { readonly listen: ListenAddress; readonly key: string | undefined };
  /** Number of worker processes. */
  readonly workers: number;
  /** Rules of every gate that nginx names, where no gates are configured. */
  readonly defaultGate: GateRules & Pick<Gate, 'settings'>;
  readonly gates: readonly Gate[];
  /** Issuer and lifetime of assertions. */
  readonly assertion: { readonly issuer: string; readonly ttl: number };
  readonly tokens: LifetimeConfig;
  readonly tickets: LifetimeConfig & { readonly maxTtl: number };
  readonly sessions: SessionConfig;
  readonly jwtIssuers: readonly Issuer[];
  readonly audit: {
    /** How long entries are kept. */
    readonly retention: number;
    /** Whether denials are recorded. */
    readonly denials: boolean;
  };
  readonly throttle: ThrottleConfig;
  /** Whether metrics are readable without an admin key. */
  readonly metrics: { readonly public: boolean };
  readonly tracing: { readonly enabled: boolean };
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'json' | 'pretty';
  };
}
