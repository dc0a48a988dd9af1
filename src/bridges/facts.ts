import type { BridgeFact } from '../core/bridge.ts';
import type { Handshake } from '../core/handshake.ts';
import { pageAddress, pageTarget } from '../core/page-address.ts';

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
  const { scheme = 'https', host, method } = handshake;
  return {
    url: pageAddress(handshake, tokenNames),
    uri: pageTarget(handshake, tokenNames),
    scheme,
    host,
    method,
    client_address: handshake.clientAddress,
  };
}
