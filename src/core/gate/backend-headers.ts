import { isLine } from '../../lib/text-line.ts';
import type { Identity } from '../model/identity.ts';
import type { Gate, HeaderField } from './gate.ts';

/** Values that need no trimming, encoding or check: nearly all. */
const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a header.
const forbidden = /[\u0000-\u001f\u007f]/;

/**
 * The headers of an answer for the backend: all that the gate declares. An empty value makes nginx drop
 * the client's own header of that name; a missing one would let it through. On a public route all are
 * empty, constants and secrets included, since a backend may trust those as it trusts an identity.
 */
export function renderBackendHeaders(
  gate: Pick<Gate, 'headers'>,
  identity: Identity,
): [name: string, value: string][] {
  const isAnonymous = identity.kind === 'public';
  return gate.headers.map(({ name, field }) => [
    name,
    isAnonymous ? '' : renderField(field, identity),
  ]);
}

function renderField(field: HeaderField, identity: Identity): string {
  if (field === 'subject') return headerValue(identity.subject);
  if (field === 'token_id') return headerValue(identity.tokenId);
  if ('value' in field) return headerValue(field.value);
  const claim = Object.hasOwn(identity.claims, field.claim)
    ? identity.claims[field.claim]
    : undefined;
  if (!Array.isArray(claim)) return claimValue(claim);
  // The backend would read a member with a comma as two groups.
  return claim
    .map(claimValue)
    .filter((member) => member !== '' && !member.includes(','))
    .join(',');
}

/**
 * A claim may come from a foreign issuer: text that is not one visible line (control characters, changes
 * of text direction) becomes empty.
 */
function claimValue(value: unknown): string {
  const isText = typeof value === 'string' && !plain.test(value);
  return isText && !isLine(value.toWellFormed().trim()) ? '' : headerValue(value);
}

/**
 * Encodes a value as UTF-8, one character an octet, as Node writes header fields. A value with control
 * characters becomes empty (header injection).
 */
function headerValue(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return '';
  const text = String(value);
  if (plain.test(text)) return text;
  return forbidden.test(text) ? '' : Buffer.from(text.trim(), 'utf8').toString('latin1');
}
