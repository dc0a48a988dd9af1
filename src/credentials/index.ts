import type { CredentialSource, SourceName } from '../core/credential.ts';
import { cookieSource } from './cookie.ts';
import { querySource } from './query.ts';

/**
 * All credential sources in the order in which a gate looks by default: what a page presented on
 * purpose before what its browser adds by itself, so that a cookie left over from yesterday does
 * not outvote the ticket that was just fetched.
 */
export const credentialSources: ReadonlyMap<SourceName, CredentialSource> = new Map(
  [querySource, cookieSource].map((source) => [source.name, source]),
);
