import { percentEncodeOctets } from '../core/gate/request-url.ts';
import { type AnswerHeaderLines, readHeader } from './answer-text.ts';
import type { Facts } from './facts.ts';
import type { SignOn } from './sign-on.ts';

/** Longest address: browsers and nginx take more, but not by much. */
const longest = 4_096;

/**
 * Where a service that denied lets people log in, and come back from: what its answer says, else what
 * is usual for it or was configured. Undefined where nothing fit to be followed is known.
 */
export function findLogin(
  headers: AnswerHeaderLines,
  signOn: SignOn,
  facts: Facts,
  redirected: boolean,
): string | undefined {
  const { login, loginHeader } = signOn;
  if (login !== undefined) return checkAddress(withReturn(login, signOn, facts));
  const header = loginHeader ?? (redirected ? 'location' : undefined);
  const said = header === undefined ? undefined : readHeader(headers, header);
  const elsewhere = redirected ? readHeader(headers, 'location') : undefined;
  return checkAddress(said || elsewhere || '');
}

function withReturn(login: string, { returnTo }: SignOn, facts: Facts): string {
  if (!login.endsWith('=')) return login;
  // Only a login on the client's own host can know what a path alone means.
  const back = returnTo === 'uri' && login.startsWith('/') ? facts.uri : facts.url;
  return login + percentEncodeOctets(back);
}

/**
 * The address if it is fit for a `Location`: absolute http or https, or a path on the client's host;
 * printable ASCII, no user name or password, nothing that browsers read otherwise than it looks.
 */
export function checkAddress(address: string): string | undefined {
  if (address.length > longest || !/^[\x21-\x7e]+$/.test(address)) return undefined;
  // Browsers take a backslash for a slash.
  if (address.includes('\\')) return undefined;
  if (address.startsWith('/')) return address.startsWith('//') ? undefined : address;
  if (!/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(address) || !URL.canParse(address)) return undefined;
  const { username, password } = new URL(address);
  return username === '' && password === '' ? address : undefined;
}
