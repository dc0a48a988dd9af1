import { percentEncodeOctets } from '../core/gate/request-url.ts';
import { type AnswerHeaderLines, readHeader } from './answer-headers.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import type { ServiceProfile } from './service-profile.ts';

/** Characters of a URL; browsers and nginx take a little more. */
const maxLength = 4_096;

/**
 * The login URL after a denial: the configured or default one, else the one in the response.
 * Undefined when there is none that is safe to follow.
 */
export function findLoginUrl(
  headers: AnswerHeaderLines,
  profile: ServiceProfile,
  request: ForwardedRequest,
  redirected: boolean,
): string | undefined {
  const { login, loginHeader } = profile;
  if (login !== undefined) return checkLoginUrl(appendReturnUrl(login, profile, request));
  const header = loginHeader ?? (redirected ? 'location' : undefined);
  const inHeader = header === undefined ? undefined : readHeader(headers, header);
  const inLocation = redirected ? readHeader(headers, 'location') : undefined;
  return checkLoginUrl(inHeader || inLocation || '');
}

/**
 * The page that the service names in a 403, for people whom its rules do not allow: where a denial names
 * the login, or in `Location`. Never the login itself, which may send a signed-in user back at once.
 */
export function findForbiddenPage(
  headers: AnswerHeaderLines,
  { responseLoginHeader }: ServiceProfile,
): string | undefined {
  const named = responseLoginHeader === undefined ? '' : readHeader(headers, responseLoginHeader);
  return checkLoginUrl(named || readHeader(headers, 'location') || '');
}

function appendReturnUrl(
  login: string,
  { returnTo }: ServiceProfile,
  request: ForwardedRequest,
): string {
  if (!login.endsWith('=')) return login;
  // A bare path means something only to a login on the client's own host.
  const returnUrl = returnTo === 'uri' && login.startsWith('/') ? request.uri : request.url;
  return login + percentEncodeOctets(returnUrl);
}

/**
 * Returns the URL if it is safe as a `Location`: absolute http or https, or a path on the client's
 * host; printable ASCII; no user name or password; nothing that browsers parse in another way.
 */
export function checkLoginUrl(address: string): string | undefined {
  if (address.length > maxLength || !/^[\x21-\x7e]+$/.test(address)) return undefined;
  // Browsers read a backslash as a slash.
  if (address.includes('\\')) return undefined;
  if (address.startsWith('/')) return address.startsWith('//') ? undefined : address;
  if (!/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(address) || !URL.canParse(address)) return undefined;
  const { username, password } = new URL(address);
  return username === '' && password === '' ? address : undefined;
}
