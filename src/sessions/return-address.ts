import type { Handshake } from '../core/gate/handshake.ts';
import { isOriginAllowed, type OriginRules } from '../core/gate/origin.ts';

/**
 * The return address that a login was asked for with the query parameter `rd`. The shipped nginx files
 * percent-encode it. Hand-written files cannot, since nginx has no function for it: then the address is
 * everything after the first `rd=`, its own `?` and `&` included.
 */
export function requestedReturnUrl({ query }: Handshake): string | undefined {
  const match = /(?:^|&)rd=(.*)$/.exec(query ?? '');
  const raw = match?.[1];
  if (raw === undefined || !/^(?:https?%3a|%2f)/i.test(raw)) return raw;
  try {
    return decodeURIComponent(raw.replace(/&.*$/s, ''));
  } catch {
    return undefined;
  }
}

/**
 * Guards against open redirects: the requested address if it is on the same host or on an origin that the
 * gate allows, else `/`. The address is parsed as browsers parse it (WHATWG URL), and the parsed form is
 * returned, so browsers follow what was checked.
 */
export function chooseReturnAddress(
  requested: string | undefined,
  handshake: Handshake,
  origins: OriginRules,
): string {
  if (requested === undefined || requested === '') return '/';
  const base = `${handshake.scheme ?? 'https'}://${handshake.host}`;
  if (!URL.canParse(requested, base)) return '/';
  const url = new URL(requested, base);
  if (!['http:', 'https:'].includes(url.protocol)) return '/';
  if (url.username !== '' || url.password !== '') return '/';
  const isRelative = url.origin === new URL(base).origin && !/^[a-z][a-z0-9+.-]*:/i.test(requested);
  // `/..//evil.example` resolves to `//evil.example`, which browsers take for another host.
  if (isRelative && url.pathname.startsWith('//')) return '/';
  if (isRelative) return url.pathname + url.search + url.hash;
  return isOriginAllowed({ ...handshake, origin: url.origin }, origins) ? url.href : '/';
}
