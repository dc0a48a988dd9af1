import type { ListenAddress } from '../../config/listen-address.ts';

/** How a location passes requests to Postern. */
export interface ProxyTarget {
  /** Directives before `proxy_pass`. */
  readonly lines: string;
  /** URL for `proxy_pass`, without a path. */
  readonly address: string;
  /** Separator between address and path, for a Unix socket. */
  readonly separator: '' | ':';
}

/** The upstream of `postern-http.conf`. */
export const upstreamTarget: ProxyTarget = {
  lines: '',
  address: 'http://postern_gate',
  separator: '',
};

/** A host name that nginx resolves at request time, with the resolver of the environment. */
export function hostnameTarget(gate: ListenAddress, lines = ''): ProxyTarget {
  if (gate.kind === 'unix') {
    return { lines: '', address: `http://unix:${gate.path}`, separator: ':' };
  }
  const host = gate.host.includes(':') ? `[${gate.host}]` : gate.host;
  return {
    lines: `${lines}set $upstream_postern ${host};`,
    address: `http://$upstream_postern:${gate.port}`,
    separator: '',
  };
}
