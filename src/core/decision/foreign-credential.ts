import type { SourceName } from '../model/source-name.ts';
import type { Deny } from '../model/verdict.ts';
import type { DecisionContext } from './context.ts';

/** What to set where a place holds a credential of the application and not of Postern. */
const remedies: Partial<Record<SourceName, string>> = {
  query: 'give the gate another name in query, such as [postern], and render the nginx files',
  subprotocol: 'take its form out of subprotocols',
  bearer: 'take bearer out of sources, and set forward_authorization: true',
  basic: 'take basic out of sources, and set forward_authorization: true',
  api_key: 'take api_key out of sources',
  cookie: 'give the gate other names in cookies',
};

/**
 * Adds what to set to a denial of an unknown credential where another source holds one, too: an application
 * may have a `token=` or an `Authorization` of its own beside the cookie of a session. Only the log shows
 * it. There is no fallback to the other credential: the first source that has one decides.
 */
export function hintAtForeignCredential(denial: Deny, context: DecisionContext): Deny {
  const { reason, detail } = denial;
  const { basis, gate, handshake, ports } = context;
  if (reason !== 'malformed_credential' && reason !== 'unknown_token') return denial;
  const remedy = remedies[basis as SourceName];
  if (remedy === undefined) return denial;
  // Those before it held nothing.
  const later = gate.sources.slice(gate.sources.indexOf(basis as SourceName) + 1);
  const hasOther = later.some((name) =>
    name === 'bridge'
      ? ports.bridgeOf(gate)?.selectCookies(handshake.cookie) !== undefined
      : ports.sources.get(name)?.extract(handshake, gate) !== undefined,
  );
  if (!hasOther) return denial;
  const hint = `${basis} decides, and another source holds a credential, too; if what is in ${basis} belongs to the application, ${remedy}`;
  return { ...denial, detail: detail === undefined ? hint : `${detail}; ${hint}` };
}
