import { parseHost } from './handshake.ts';
import type { Relation } from './path-pattern.ts';

/** One host, or all subdomains of a domain. The suffix starts with its dot. */
export type HostPattern = { readonly exact: string } | { readonly suffix: string };

/** Matches every host. */
export const anyHost: HostPattern = { suffix: '' };

/**
 * Parses `app.example.com` or `*.example.com` (all subdomains, without the domain itself). Undefined for
 * anything else, a host with a port included.
 */
export function parseHostPattern(text: string): HostPattern | undefined {
  const isWildcard = text.startsWith('*.');
  const name = isWildcard ? text.slice(2) : text;
  const host = /:\d*$/.test(name) && !name.endsWith(']') ? undefined : parseHost(name);
  if (host === undefined) return undefined;
  if (!isWildcard) return { exact: host };
  return host.startsWith('[') ? undefined : { suffix: `.${host}` };
}

/** True when a normalized host (see parseHost) matches. */
export function matchesHost(pattern: HostPattern, host: string): boolean {
  return 'exact' in pattern ? pattern.exact === host : host.endsWith(pattern.suffix);
}

/** The relation of two sets of hosts. They never overlap partly. */
export function relateHosts(a: HostPattern, b: HostPattern): Exclude<Relation, 'overlapping'> {
  if ('exact' in a) {
    if ('exact' in b) return a.exact === b.exact ? 'equal' : 'disjoint';
    return matchesHost(b, a.exact) ? 'narrower' : 'disjoint';
  }
  if ('exact' in b) return matchesHost(a, b.exact) ? 'wider' : 'disjoint';
  if (a.suffix === b.suffix) return 'equal';
  if (a.suffix.endsWith(b.suffix)) return 'narrower';
  return b.suffix.endsWith(a.suffix) ? 'wider' : 'disjoint';
}

/** Sorts more specific patterns first. */
export function compareHosts(a: HostPattern, b: HostPattern): number {
  return specificity(b) - specificity(a);
}

/** Length limit of host names (RFC 1035, section 2.3.4). */
const maxHostLength = 255;

function specificity(pattern: HostPattern): number {
  return 'exact' in pattern ? maxHostLength + 1 : pattern.suffix.length;
}
