import type { CredentialSource } from '../core/decision/credential-source.ts';
import { deny } from '../core/model/verdict.ts';
import { percentDecode } from '../lib/percent-decode.ts';
import { isTokenText } from './token-text.ts';

/**
 * A query parameter with one of the gate's names, percent-encoded or not. A repeated parameter denies, since
 * software on the way disagrees on which one counts.
 */
export const querySource: CredentialSource = {
  name: 'query',
  origin: 'none',
  extract({ query }, { queryNames }) {
    if (query === undefined) return undefined;
    let found: string | undefined;
    for (const pair of query.split('&')) {
      const equals = pair.indexOf('=');
      const name = percentDecode(equals === -1 ? pair : pair.slice(0, equals));
      if (name === undefined || !queryNames.includes(name)) continue;
      if (found !== undefined) return deny('malformed_credential');
      found = equals === -1 ? '' : pair.slice(equals + 1);
    }
    // A script without a token often sends an empty parameter: no credential.
    if (found === undefined || found === '') return undefined;
    const value = percentDecode(found);
    return value === undefined || !isTokenText(value) ? deny('malformed_credential') : { value };
  },
};
