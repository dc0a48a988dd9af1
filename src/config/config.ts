import type { Gate } from '../core/gate.ts';
import type { Issuer } from '../core/issuer.ts';
import type { NetworkSet } from '../core/network.ts';
import type { ListenAddress } from './listen-address.ts';

/** How long things of a kind live, in milliseconds. */
export interface LifetimeConfig {
  readonly defaultTtl: number;
  /** Longest life that may be asked for; undefined when there is no bound. */
  readonly maxTtl: number | undefined;
  /** How long one that ended stays in the store. */
  readonly retention: number;
}

/** The configuration as the program uses it: complete, typed, durations in milliseconds. */
export interface Config {
  readonly dataDir: string;
  readonly gate: { readonly listen: ListenAddress; readonly trustedProxies: NetworkSet };
  readonly admin: { readonly listen: ListenAddress; readonly key: string | undefined };
  /** Rules of every gate that nginx names. */
  readonly defaultGate: Omit<Gate, 'name'>;
  readonly tokens: LifetimeConfig;
  readonly tickets: LifetimeConfig & { readonly maxTtl: number };
  readonly jwtIssuers: readonly Issuer[];
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'json' | 'pretty';
  };
}
