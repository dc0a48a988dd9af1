import { holdsSecret } from '../../lib/mask.ts';
import type { Handshake } from './handshake.ts';

/** The client's own address of what it asks for, without what may hold a token by these names. */
export function pageAddress(handshake: Handshake, tokenNames: readonly string[]): string {
  const { scheme = 'https', host, port } = handshake;
  return `${scheme}://${host}${port}${pageTarget(handshake, tokenNames)}`;
}

/** Path and query of the same. */
export function pageTarget(
  { path = '/', query }: Handshake,
  tokenNames: readonly string[],
): string {
  const kept = query === undefined ? '' : withoutParameters(query, tokenNames);
  return kept === '' ? path : `${path}?${kept}`;
}

/** Longest address that a login gets to lead back to, percent-encoded: it has to fit into a header of nginx's. */
const longestReturn = 4_096;

/**
 * Where a login may lead back to, percent-encoded, so that nothing of it becomes a parameter of the login's: the
 * address that was asked for, or less of it where it is long or may still hold a secret.
 */
export function returnAddress(handshake: Handshake, tokenNames: readonly string[]): string {
  const less = [handshake, { ...handshake, query: undefined }];
  const found = less
    .map((asked) => pageAddress(asked, tokenNames))
    .filter((address) => !holdsSecret(address))
    .map(encodeOctets)
    .find((address) => address.length <= longestReturn);
  return found ?? encodeOctets(pageAddress({ ...handshake, path: '/', query: undefined }, []));
}

/**
 * Percent-encodes every octet but unreserved characters (RFC 3986, section 2.3), in text that holds
 * one a character, as headers do.
 */
export function encodeOctets(text: string): string {
  return text.replace(
    /[^A-Za-z0-9._~-]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** The names are compared as the query source compares them, so that what it reads never leaves. */
function withoutParameters(query: string, names: readonly string[]): string {
  return query
    .split('&')
    .filter((pair) => !names.includes(parameterName(pair)))
    .join('&');
}

function parameterName(pair: string): string {
  const equals = pair.indexOf('=');
  const name = equals === -1 ? pair : pair.slice(0, equals);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
