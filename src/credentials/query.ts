import type { CredentialSource } from '../core/decision/credential-source.ts';
import { deny } from '../core/model/verdict.ts';
import { percentDecode } from '../lib/percent-decode.ts';
import { readTokenText } from './token-text.ts';

/** How often the nginx files can remove one name from a query, wherever it stands. */
const maxRepetitions = 2;

/**
 * A query parameter with one of the gate's names, percent-encoded or not. Several with different values
 * deny, since it is unknown which one is right; so does a repetition that would reach the backend.
 */
export const querySource: CredentialSource = {
  name: 'query',
  origin: 'none',
  extract({ query }, { queryNames }) {
    if (query === undefined) return undefined;
    const repetitions = new Map<string, number>();
    const values = new Set<string | undefined>();
    for (const pair of query.split('&')) {
      const equals = pair.indexOf('=');
      const name = percentDecode(equals === -1 ? pair : pair.slice(0, equals));
      if (name === undefined || !queryNames.includes(name)) continue;
      repetitions.set(name, (repetitions.get(name) ?? 0) + 1);
      const value = equals === -1 ? '' : pair.slice(equals + 1);
      // A script without a token often sends an empty parameter: no credential.
      if (value !== '') values.add(percentDecode(value));
    }
    if (values.size === 0) return undefined;
    const [value] = values;
    const isRemovable = [...repetitions.values()].every((count) => count <= maxRepetitions);
    return values.size > 1 || !isRemovable ? deny('malformed_credential') : readTokenText(value);
  },
};
