import type { CredentialSource } from '../core/decision/credential-source.ts';
import { deny } from '../core/model/verdict.ts';
import { trimBlanks } from './blanks.ts';
import { isTokenText } from './token-text.ts';

/**
 * `X-Api-Key: <token>`. A page cannot give a WebSocket this header, and `fetch` asks for permission before it
 * sends one to another origin (CORS preflight), so `Origin` is not checked.
 */
export const apiKeySource: CredentialSource = {
  name: 'api_key',
  origin: 'none',
  extract({ apiKey }) {
    const value = trimBlanks(apiKey ?? '');
    if (value === '') return undefined;
    // nginx joins repeated lines by ", " (1.23 and newer): the space makes those malformed.
    return isTokenText(value) ? { value } : deny('malformed_credential');
  },
};
