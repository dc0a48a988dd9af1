import { isHttpToken } from '../../lib/http-token.ts';
import { memoizeLast } from '../../lib/memo.ts';
import { percentDecode } from '../../lib/percent-decode.ts';
import { builtInForms, type SubprotocolForm } from './subprotocol-form.ts';

/** A subprotocol that carries a token. Secret. */
export interface TokenSubprotocol {
  /** The token, encoded as `form` says. */
  readonly encoded: string;
  readonly form: SubprotocolForm;
}

/** The parsed subprotocols that a client offered. */
export interface SubprotocolOffer {
  /** Those that carry a token. Secret. */
  readonly tokens: readonly TokenSubprotocol[];
  /** Those of the application. */
  readonly application: readonly string[];
  /** The first marker among them (see SubprotocolForm). */
  readonly marker: string | undefined;
}

/** What a gate knows about subprotocols with tokens, beside Postern's own forms. */
interface GateForms {
  readonly subprotocolForms: readonly SubprotocolForm[];
}

/**
 * Parses `Sec-WebSocket-Protocol` (RFC 6455, section 11.3.4): tokens separated by commas, at least one,
 * without duplicates. Undefined for anything else, and where a token is announced that does not follow.
 * Takes linear time.
 */
export function parseSubprotocolOffer(
  header: string,
  { subprotocolForms: forms }: GateForms,
): SubprotocolOffer | undefined {
  return readOffer(header, forms);
}

/** Read twice in one decision: for a credential, and for what the backend gets. */
const readOffer = memoizeLast(
  (header: string, gateForms: readonly SubprotocolForm[]): SubprotocolOffer | undefined =>
    readNames(header, [...builtInForms, ...gateForms]),
);

function readNames(
  header: string,
  forms: readonly SubprotocolForm[],
): SubprotocolOffer | undefined {
  const names = header.split(',').map((part) => part.trim());
  if (!names.every(isHttpToken) || new Set(names).size < names.length) return undefined;
  const tokens: TokenSubprotocol[] = [];
  const application: string[] = [];
  let marker: string | undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const byPrefix = findByPrefix(name, forms);
    const byMarker = forms.find((form) => form.marker === name);
    if (byPrefix?.prefix !== undefined) {
      tokens.push({ encoded: name.slice(byPrefix.prefix.length), form: byPrefix });
    } else if (byMarker === undefined) {
      application.push(name);
    } else {
      marker ??= name;
      if (byMarker.prefix !== undefined) continue;
      // Without the token behind it, a token may be in another place, and would reach the application.
      const encoded = names[++i];
      if (encoded === undefined) return undefined;
      tokens.push({ encoded, form: byMarker });
    }
  }
  return { tokens, application, marker };
}

/** The form with the longest prefix that matches. */
function findByPrefix(
  name: string,
  forms: readonly SubprotocolForm[],
): SubprotocolForm | undefined {
  let found: SubprotocolForm | undefined;
  for (const form of forms) {
    if (form.prefix === undefined || !name.startsWith(form.prefix)) continue;
    if (found?.prefix === undefined || form.prefix.length > found.prefix.length) found = form;
  }
  return found;
}

/** The secret inside a subprotocol that carries one; undefined when its encoding is broken. */
export function decodeTokenSubprotocol({ encoded, form }: TokenSubprotocol): string | undefined {
  if (form.encoding === 'plain') return encoded;
  if (form.encoding === 'percent') return percentDecode(encoded);
  // Phoenix's client writes the standard alphabet (RFC 4648, section 4), of which `+` can be in a header.
  const canonical = encoded.replaceAll('+', '-');
  const bytes = Buffer.from(canonical, 'base64url');
  // Node's decoder skips invalid characters: valid input is what encodes back to itself.
  return bytes.toString('base64url') === canonical ? bytes.toString('utf8') : undefined;
}
