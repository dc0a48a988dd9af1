import type { CredentialSource } from '../core/decision/credential-source.ts';
import { type Deny, deny, isDenial } from '../core/model/verdict.ts';
import { trimBlanks } from './blanks.ts';
import { readTokenText } from './token-text.ts';

/** User name of Basic for any subject. */
const anyUser = 'token';

/** `Authorization: Bearer <token>` (RFC 6750, section 2.1). */
export const bearerSource: CredentialSource = {
  name: 'bearer',
  origin: 'none',
  extract({ authorization }) {
    const value = readScheme(authorization, 'bearer');
    return typeof value === 'string' ? readTokenText(value) : value;
  },
};

/**
 * `Authorization: Basic` (RFC 7617), also sent for `wss://token:SECRET@host/`. The password is the token;
 * the user is `token` or the token's subject.
 */
export const basicSource: CredentialSource = {
  name: 'basic',
  origin: 'present',
  extract({ authorization }) {
    const encoded = readScheme(authorization, 'basic');
    if (typeof encoded !== 'string') return encoded;
    // Anchored at the start: linear time for any input.
    const digits = /^([A-Za-z0-9+/]*)=*$/.exec(encoded)?.[1];
    if (digits === undefined) return deny('malformed_credential');
    const bytes = Buffer.from(digits, 'base64');
    // Node's decoder drops trailing bits: valid input is what encodes back to itself.
    if (bytes.toString('base64').replace(/=+$/, '') !== digits) return deny('malformed_credential');
    const text = bytes.toString('utf8');
    const colon = text.indexOf(':');
    const user = text.slice(0, colon);
    const read = readTokenText(colon === -1 ? undefined : text.slice(colon + 1));
    return isDenial(read) || user === anyUser ? read : { ...read, claimedSubject: user };
  },
};

/** The single parameter of a scheme; undefined when the header is absent or has another scheme. */
function readScheme(authorization: string | undefined, scheme: string): string | Deny | undefined {
  if (authorization === undefined) return undefined;
  const [name = '', value, ...rest] = trimBlanks(authorization).split(/ +/);
  if (name.toLowerCase() !== scheme) return undefined;
  return value === undefined || rest.length > 0 ? deny('malformed_credential') : value;
}
