/** Replaces a secret wherever something is shown. */
export const mask = '********';

/** Matches a character, plain or percent-encoded any number of times (RFC 3986, section 2.1). */
function encodable(character: string): string {
  return `(?:${character}|%(?:25)*${character.charCodeAt(0).toString(16)})`;
}

const prefix = ['p', 's', '[ta]', '_'].map((part) =>
  part === '[ta]' ? '(?:[ta]|%(?:25)*(?:74|61))' : encodable(part),
);
const letter = '(?:[0-9a-z]|%(?:25)*[0-9a-f]{2})';
const base64url = '[0-9a-z_-]';

/** Matches texts in the form of a secret: tokens, tickets, sessions and admin keys of Postern, and JWTs. */
export const secretPattern = [
  `${prefix.join('')}${letter}{8,}`,
  `eyJ${base64url}{8,}\\.${base64url}{8,}\\.${base64url}*`,
].join('|');

const secrets = new RegExp(secretPattern, 'gi');
const anySecret = new RegExp(secretPattern, 'i');

/** Whether a text contains something in the form of a secret. */
export function holdsSecret(text: string): boolean {
  return anySecret.test(text);
}

/** Limit on shown text of a client. */
const maxShownLength = 512;

/** Limit on scanned text: a secret that starts in the shown part is recognised within it. */
const maxScannedLength = 4 * maxShownLength;

/**
 * Makes text of a client (a path, an origin) safe for a log: secrets masked, truncated, one line of printable
 * ASCII with everything else percent-encoded.
 */
export function maskText(text: string): string {
  const scanned = text.length > maxScannedLength ? text.slice(0, maxScannedLength) : text;
  const masked = scanned.replace(secrets, mask).replace(/[^\x21-\x7e]/gu, encodeCharacter);
  const isTruncated = masked.length > maxShownLength || scanned !== text;
  return isTruncated ? `${masked.slice(0, maxShownLength)}...` : masked;
}

/** A lone surrogate has no encoding, and becomes U+FFFD. */
function encodeCharacter(character: string): string {
  return encodeURIComponent(character.isWellFormed() ? character : '\ufffd');
}
