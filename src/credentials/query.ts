import type { CredentialSource } from '../core/credential.ts';
import { deny } from '../core/verdict.ts';

/**
 * A parameter of the gate's name in the query of the request target, percent-encoded or not. A
 * repeated parameter denies: software along the way disagrees on which of them counts.
 */
export const querySource: CredentialSource = {
  name: 'query',
  ambient: false,
  extract({ query }, { queryName }) {
    if (query === undefined) return undefined;
    let found: string | undefined;
    for (const pair of query.split('&')) {
      const equals = pair.indexOf('=');
      const name = equals === -1 ? pair : pair.slice(0, equals);
      if (decode(name) !== queryName) continue;
      if (found !== undefined) return deny('malformed_credential');
      found = equals === -1 ? '' : pair.slice(equals + 1);
    }
    if (found === undefined || found === '') return undefined;
    const value = decode(found);
    return value !== undefined && queryValue.test(value) ? value : deny('malformed_credential');
  },
};

/** Printable ASCII: no kind of token has anything else in it. */
const queryValue = /^[\x21-\x7e]{1,8192}$/;

/** Percent-decodes (RFC 3986, section 2.1); undefined when the encoding is broken. */
function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
