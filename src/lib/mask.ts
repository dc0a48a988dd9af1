/** What stands in the place of a secret, wherever something is shown. */
export const mask = '********';

/** A character as it is, or percent-encoded any number of times (RFC 3986, section 2.1). */
function encodable(character: string): string {
  return `(?:${character}|%(?:25)*${character.charCodeAt(0).toString(16)})`;
}

const prefix = ['p', 's', '[ta]', '_'].map((part) =>
  part === '[ta]' ? '(?:[ta]|%(?:25)*(?:74|61))' : encodable(part),
);
const letter = '(?:[0-9a-z]|%(?:25)*[0-9a-f]{2})';
const base64url = '[0-9a-z_-]';

/** What has the form of a secret: a token, a ticket, a session or an admin key of ours, or a JWT (RFC 7519). */
export const secretForm = [
  `${prefix.join('')}${letter}{8,}`,
  `eyJ${base64url}{8,}\\.${base64url}{8,}\\.${base64url}*`,
].join('|');

const secrets = new RegExp(secretForm, 'gi');
const oneSecret = new RegExp(secretForm, 'i');

/** Whether something in a text has the form of a secret. */
export function holdsSecret(text: string): boolean {
  return oneSecret.test(text);
}

/** Longest text of a client's that is shown or kept. */
const longest = 512;
/** How much of a text is looked at: a form that begins within what is shown ends in here. */
const lookedAt = 4 * longest;

/**
 * What a client wrote (a path, an origin), fit for a log: without what has the form of a secret, in one line of
 * printable ASCII, the rest percent-encoded, and cut where it is long.
 */
export function maskText(text: string): string {
  const start = text.length > lookedAt ? text.slice(0, lookedAt) : text;
  const masked = start.replace(secrets, mask).replace(/[^\x21-\x7e]/gu, encodeCharacter);
  const isCut = masked.length > longest || start !== text;
  return isCut ? `${masked.slice(0, longest)}...` : masked;
}

/** A lone half of a pair has no encoding of its own. */
function encodeCharacter(character: string): string {
  return encodeURIComponent(character.isWellFormed() ? character : '\ufffd');
}
