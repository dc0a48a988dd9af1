import { isLine } from '../../lib/text-line.ts';
import type { Identity } from '../model/identity.ts';
import type { Gate, HeaderField } from './gate.ts';

/** Most values: nothing to trim, to encode or to fear. */
const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a header.
const forbidden = /[\u0000-\u001f\u007f]/;

/**
 * The headers of an answer for the backend, every one the gate declares: an empty value makes nginx drop
 * the client's own header of that name, a missing one would let it through. Whoever is let in by a public
 * place is nobody: constants and secrets vouch for a client as identities do, so all are empty then.
 */
export function renderBackendHeaders(
  gate: Pick<Gate, 'headers'>,
  identity: Identity,
): [name: string, value: string][] {
  const isNobody = identity.kind === 'public';
  return gate.headers.map(({ name, field }) => [
    name,
    isNobody ? '' : renderField(field, identity),
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
  // A comma inside a member would turn one group into two at the backend.
  return claim
    .map(claimValue)
    .filter((member) => member !== '' && !member.includes(','))
    .join(',');
}

/** Words of somebody who signed in elsewhere, perhaps: what changes how others are read becomes empty. */
function claimValue(value: unknown): string {
  const isText = typeof value === 'string' && !plain.test(value);
  return isText && !isLine(value.toWellFormed().trim()) ? '' : headerValue(value);
}

/**
 * Header fields carry octets: UTF-8 text goes out as its bytes, which Node writes one a character.
 * A value that could break the header apart becomes empty.
 */
function headerValue(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return '';
  const text = String(value);
  if (plain.test(text)) return text;
  return forbidden.test(text) ? '' : Buffer.from(text.trim(), 'utf8').toString('latin1');
}
