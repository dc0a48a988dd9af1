import type { CredentialSource, PresentedCredential } from '../core/decision/credential-source.ts';
import { type Deny, deny, isDenial } from '../core/model/verdict.ts';
import { percentDecode } from '../lib/percent-decode.ts';
import { trimBlanks } from './blanks.ts';
import { readTokenText } from './token-text.ts';

/**
 * A cookie with one of the gate's names (`Cookie` header; RFC 6265, section 5.4), in their order. The
 * session cookie is first, since a sibling host may have set any other. Names are compared by octet: only
 * space and tab are trimmed, so a name with other white space does not match. Values may be
 * percent-encoded, as page scripts write them. Two cookies of one name with different values deny, since
 * it is unknown which one is right.
 */
export const cookieSource: CredentialSource = {
  name: 'cookie',
  origin: 'required',
  extract({ cookie }, { cookieNames }) {
    if (cookie === undefined) return undefined;
    for (const name of cookieNames) {
      const found = findCookie(cookie, name);
      if (found !== undefined) return found;
    }
    return undefined;
  },
};

/** `cookie-octet` of RFC 6265, section 4.1.1. */
const cookieValue = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

function findCookie(header: string, name: string): PresentedCredential | Deny | undefined {
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || trimBlanks(pair.slice(0, equals)) !== name) continue;
    const value = unquote(trimBlanks(pair.slice(equals + 1)));
    if (found !== undefined && found !== value) return deny('malformed_credential');
    found = value;
  }
  // Deleting a cookie often leaves an empty one: no credential.
  if (found === undefined || found === '') return undefined;
  const value = cookieValue.test(found) ? percentDecode(found) : undefined;
  const read = readTokenText(value);
  return isDenial(read) ? read : { ...read, cookieName: name };
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}
