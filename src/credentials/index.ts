import type { CredentialSource } from '../core/decision/credential-source.ts';
import type { SourceName } from '../core/model/source-name.ts';
import { apiKeySource } from './api-key.ts';
import { basicSource, bearerSource } from './authorization.ts';
import { cookieSource } from './cookie.ts';
import { querySource } from './query.ts';
import { subprotocolSource } from './subprotocol.ts';

/** All credential sources, by name. */
export const credentialSources: ReadonlyMap<SourceName, CredentialSource> = new Map(
  [querySource, subprotocolSource, bearerSource, basicSource, apiKeySource, cookieSource].map(
    (source) => [source.name, source],
  ),
);
