import { holdsSecret } from '../../lib/mask.ts';
import type { Handshake } from './handshake.ts';

/** The URL of the client's request, without query parameters of these names, which may hold a token. */
export function requestUrl(handshake: Handshake, tokenNames: readonly string[]): string {
  const { scheme = 'https', host, port } = handshake;
  return `${scheme}://${host}${port}${requestTarget(handshake, tokenNames)}`;
}

/** Path and query of that URL. */
export function requestTarget(
  { path = '/', query }: Handshake,
  tokenNames: readonly string[],
): string {
  const kept = query === undefined ? '' : withoutParameters(query, tokenNames);
  return kept === '' ? path : `${path}?${kept}`;
}

/** Limit on the percent-encoded return URL: it has to fit into a header of nginx. */
const maxReturnUrlLength = 4_096;

/**
 * The return URL for a login, percent-encoded, so that nothing in it becomes a parameter of the login
 * address. Without the query, or without the path too, where it is too long or may hold a secret.
 */
export function loginReturnUrl(handshake: Handshake, tokenNames: readonly string[]): string {
  const candidates = [handshake, { ...handshake, query: undefined }];
  const found = candidates
    .map((candidate) => requestUrl(candidate, tokenNames))
    .filter((url) => !holdsSecret(url))
    .map(percentEncodeOctets)
    .find((url) => url.length <= maxReturnUrlLength);
  return (
    found ?? percentEncodeOctets(requestUrl({ ...handshake, path: '/', query: undefined }, []))
  );
}

/**
 * Percent-encodes all octets except unreserved characters (RFC 3986, section 2.3). The text has one
 * character an octet, as headers do.
 */
export function percentEncodeOctets(text: string): string {
  return text.replace(
    /[^A-Za-z0-9._~-]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/**
 * Names are decoded as the query source decodes them: what it would read as a token is removed. So is a parameter
 * of any other name with a secret in it: the URL goes to a login, or to a sign-on service.
 */
function withoutParameters(query: string, names: readonly string[]): string {
  return query
    .split('&')
    .filter((pair) => !names.includes(parameterName(pair)) && !holdsSecret(pair))
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
