import type { BridgeFact } from '../core/bridge.ts';
import type { Handshake } from '../core/handshake.ts';
import { percentDecode } from '../credentials/token-text.ts';

/** The client's request as a sign-on service is told of it. Undefined is what nginx did not say. */
export type Facts = Readonly<Record<Exclude<BridgeFact, 'client_address'>, string>> & {
  readonly client_address: string | undefined;
};

/**
 * What a service is told about a handshake: the address in it is the client's own without the query
 * parameters of these names, which may hold a token. The scheme is that of pages, since the services
 * know no other and a cookie goes with both.
 */
export function describeHandshake(handshake: Handshake, tokenNames: readonly string[]): Facts {
  const { scheme = 'https', host, path = '/', method } = handshake;
  const query = withoutTokens(handshake.query, tokenNames);
  const uri = query === undefined ? path : `${path}?${query}`;
  return {
    url: `${scheme}://${host}${uri}`,
    uri,
    scheme,
    host,
    method,
    client_address: handshake.clientAddress,
  };
}

/** The names are compared as the query source compares them, so that what it reads never leaves. */
function withoutTokens(query: string | undefined, names: readonly string[]): string | undefined {
  const pairs = query?.split('&').filter((pair) => {
    const equals = pair.indexOf('=');
    const name = percentDecode(equals === -1 ? pair : pair.slice(0, equals));
    return name === undefined || !names.includes(name);
  });
  return pairs === undefined || pairs.length === 0 ? undefined : pairs.join('&');
}
