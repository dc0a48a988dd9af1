import type { Handshake } from '../core/gate/handshake.ts';
import { isOriginAllowed, type OriginRules } from '../core/gate/origin.ts';

/**
 * Where to send a browser after signing in: the address that was asked for if it lies on the same
 * host or on an origin that the gate admits, `/` otherwise. The address is read by the rules that
 * browsers use (WHATWG URL), so what is checked is what they would follow; the result is theirs too.
 */
export function chooseReturnAddress(
  asked: string | undefined,
  handshake: Handshake,
  origins: OriginRules,
): string {
  if (asked === undefined || asked === '') return '/';
  const here = `${handshake.scheme ?? 'https'}://${handshake.host}`;
  if (!URL.canParse(asked, here)) return '/';
  const url = new URL(asked, here);
  if (!['http:', 'https:'].includes(url.protocol)) return '/';
  if (url.username !== '' || url.password !== '') return '/';
  const isRelative = url.origin === new URL(here).origin && !/^[a-z][a-z0-9+.-]*:/i.test(asked);
  // `/..//evil.example` resolves to a path that starts like the address of another host.
  if (isRelative && url.pathname.startsWith('//')) return '/';
  if (isRelative) return url.pathname + url.search + url.hash;
  return isOriginAllowed({ ...handshake, origin: url.origin }, origins) ? url.href : '/';
}
