import type { Config } from '../../config/config.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import { authorizationHeader, defaultGateName, identityHeaders } from '../../core/gate/gate.ts';
import { defaultSourceNames, type SourceName } from '../../core/model/source-name.ts';

/** Inputs of the nginx files. Equal options give byte-identical files. */
export interface BundleOptions {
  /** Address of Postern, as nginx reaches it. */
  readonly gate: ListenAddress;
  /** Gate names; each gate gets a location file. */
  readonly gates: readonly string[];
  /** Credential sources of all gates. */
  readonly sources: readonly SourceName[];
  /** Names of query parameters that may hold a token, of all gates. */
  readonly queryNames: readonly string[];
  /** Those of a single gate, by gate name; all of them for a gate that is not listed. */
  readonly queryNamesByGate: ReadonlyMap<string, readonly string[]>;
  /** Identity headers for the backend, of all gates, in their original case. */
  readonly headers: readonly string[];
  /** Undefined without caching. */
  readonly cache: CacheOptions | undefined;
}

/** Settings of the answer cache. */
export interface CacheOptions {
  /** A directory in memory; undefined for the default of the flavour. */
  readonly path: string | undefined;
  /** The longest TTL of all gates, in milliseconds. */
  readonly ttl: number;
}

/** The options of an empty configuration. */
export const defaultBundleOptions: BundleOptions = {
  gate: { kind: 'tcp', host: '127.0.0.1', port: 8420 },
  gates: [defaultGateName],
  sources: defaultSourceNames,
  queryNames: ['token'],
  queryNamesByGate: new Map(),
  headers: identityHeaders.map(({ name }) => name),
  cache: undefined,
};

/** The options of a configuration: the union over its gates. */
export function bundleOptionsOf(config: Config): BundleOptions {
  const gates = config.gates.length > 0 ? config.gates : [config.defaultGate];
  const ttl = Math.max(...gates.map(({ cacheTtl }) => cacheTtl));
  const names = gates.flatMap(({ headers }) => headers.map(({ name }) => name));
  const byLowerCase = new Map<string, string>();
  for (const name of names) {
    if (name === authorizationHeader) continue; // the files handle Authorization already
    if (!byLowerCase.has(name.toLowerCase())) byLowerCase.set(name.toLowerCase(), name);
  }
  return {
    gate: toReachableAddress(config.gate.listen),
    gates: config.gates.length > 0 ? config.gates.map(({ name }) => name) : [defaultGateName],
    sources: [...new Set(gates.flatMap(({ sources }) => sources))],
    queryNames: [...new Set(gates.flatMap(({ queryNames }) => queryNames))],
    queryNamesByGate: new Map(config.gates.map(({ name, queryNames }) => [name, queryNames])),
    headers: [...byLowerCase.values()],
    cache: ttl > 0 ? { path: undefined, ttl } : undefined,
  };
}

/** A service that listens on all addresses is reached at the loopback address. */
function toReachableAddress(listen: ListenAddress): ListenAddress {
  if (listen.kind === 'unix') return listen;
  const loopback = new Map([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '::1'],
  ]);
  return { ...listen, host: loopback.get(listen.host) ?? listen.host };
}
