import type { Config } from '../../config/config.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import { authorizationHeader, defaultGateName, identityHeaders } from '../../core/gate/gate.ts';

/** What the files for nginx depend on: the same options give the same files, to the byte. */
export interface BundleOptions {
  /** Where nginx finds Postern. */
  readonly gate: ListenAddress;
  /** Names of the gates, each of which gets a file of its own for locations. */
  readonly gates: readonly string[];
  /** Names of query parameters that may hold a token, at any gate. */
  readonly queryNames: readonly string[];
  /** Headers that the backend gets, at any gate, as they are named there. */
  readonly headers: readonly string[];
  /** Undefined where nginx keeps no answers. */
  readonly cache: CacheOptions | undefined;
}

/** Where and for how long nginx keeps answers. */
export interface CacheOptions {
  /** A directory in memory; undefined for the usual one of the flavour. */
  readonly path: string | undefined;
  /** The longest that any gate allows, in milliseconds. */
  readonly ttl: number;
}

/** What a configuration means that says nothing. */
export const defaultBundleOptions: BundleOptions = {
  gate: { kind: 'tcp', host: '127.0.0.1', port: 8420 },
  gates: [defaultGateName],
  queryNames: ['token'],
  headers: identityHeaders.map(({ name }) => name),
  cache: undefined,
};

/** What a configuration means for nginx: everything that any of its gates needs. */
export function bundleOptionsOf(config: Config): BundleOptions {
  const gates = config.gates.length > 0 ? config.gates : [config.defaultGate];
  const ttl = Math.max(...gates.map(({ cacheTtl }) => cacheTtl));
  const names = gates.flatMap(({ headers }) => headers.map(({ name }) => name));
  const byLowerCase = new Map<string, string>();
  for (const name of names) {
    if (name === authorizationHeader) continue; // it has its place in the files already
    if (!byLowerCase.has(name.toLowerCase())) byLowerCase.set(name.toLowerCase(), name);
  }
  return {
    gate: reachable(config.gate.listen),
    gates: config.gates.length > 0 ? config.gates.map(({ name }) => name) : [defaultGateName],
    queryNames: [...new Set(gates.flatMap(({ queryNames }) => queryNames))],
    headers: [...byLowerCase.values()],
    cache: ttl > 0 ? { path: undefined, ttl } : undefined,
  };
}

/** Whoever listens on every address of a machine is found at its loopback address. */
function reachable(listen: ListenAddress): ListenAddress {
  if (listen.kind === 'unix') return listen;
  const loopback = new Map([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
  ]);
  return { ...listen, host: loopback.get(listen.host) ?? listen.host };
}
