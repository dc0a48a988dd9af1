import { parseHost } from './handshake.ts';
import type { Relation } from './path-pattern.ts';

/** Hosts: one by its name, or all below a domain. The suffix starts with its dot. */
export type HostPattern = { readonly exact: string } | { readonly suffix: string };

/** Every host there is. */
export const anyHost: HostPattern = { suffix: '' };

/**
 * Reads `app.example.com` or `*.example.com` (every host below, not the domain itself). Undefined
 * for what is neither; a port is none of a host's business.
 */
export function parseHostPattern(text: string): HostPattern | undefined {
  const isWildcard = text.startsWith('*.');
  const name = isWildcard ? text.slice(2) : text;
  const host = /:\d*$/.test(name) && !name.endsWith(']') ? undefined : parseHost(name);
  if (host === undefined) return undefined;
  if (!isWildcard) return { exact: host };
  return host.startsWith('[') ? undefined : { suffix: `.${host}` };
}

/** True when a host in its normal form (see parseHost) is in the set. */
export function matchesHost(pattern: HostPattern, host: string): boolean {
  return 'exact' in pattern ? pattern.exact === host : host.endsWith(pattern.suffix);
}

/** How two sets of hosts lie to each other; they never cross. */
export function relateHosts(a: HostPattern, b: HostPattern): Exclude<Relation, 'crossing'> {
  if ('exact' in a) {
    if ('exact' in b) return a.exact === b.exact ? 'equal' : 'disjoint';
    return matchesHost(b, a.exact) ? 'narrower' : 'disjoint';
  }
  if ('exact' in b) return matchesHost(a, b.exact) ? 'wider' : 'disjoint';
  if (a.suffix === b.suffix) return 'equal';
  if (a.suffix.endsWith(b.suffix)) return 'narrower';
  return b.suffix.endsWith(a.suffix) ? 'wider' : 'disjoint';
}

/** Orders patterns so that a narrower one comes first. */
export function compareHosts(a: HostPattern, b: HostPattern): number {
  return rank(b) - rank(a);
}

/** Characters of the longest host name (RFC 1035, section 2.3.4). */
const longestHost = 255;

function rank(pattern: HostPattern): number {
  return 'exact' in pattern ? longestHost + 1 : pattern.suffix.length;
}
