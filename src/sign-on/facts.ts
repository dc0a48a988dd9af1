import type { Handshake } from '../core/gate/handshake.ts';
import { readPath } from '../core/gate/path-readings.ts';
import { percentEncodeOctets, requestTarget, requestUrl } from '../core/gate/request-url.ts';
import type { BridgeFact } from '../core/model/sign-on-settings.ts';

/** The client's request as a sign-on service is told of it. Undefined is what nginx did not say. */
export type Facts = Readonly<Record<Exclude<BridgeFact, 'client_address'>, string>> & {
  readonly client_address: string | undefined;
};

/**
 * The paths that a service is asked about: the one that nginx resolved, which Postern judges by, and where
 * that can be read in other ways the one that the client sent, for the backend may go by that. A service has
 * rules for paths of its own, so it has to let all of them through.
 */
export function pathsToTell({ path }: Handshake): readonly (string | undefined)[] {
  const read = path === undefined ? undefined : readPath(path);
  if (read === undefined || read.all.length === 1) return [path];
  return [encodePath(read.resolved), path];
}

/** Percent-encodes what cannot stand in a path (RFC 3986, section 3.3). */
function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9._~!$&'()*+,;=:@/-]/g, percentEncodeOctets);
}

/**
 * What a service is told about a handshake: the address in it is the client's own without the query
 * parameters of these names, which may hold a token. The scheme is that of pages, since the services
 * know no other and a cookie goes with both.
 */
export function describeHandshake(handshake: Handshake, tokenNames: readonly string[]): Facts {
  const { scheme = 'https', host, method } = handshake;
  return {
    url: requestUrl(handshake, tokenNames),
    uri: requestTarget(handshake, tokenNames),
    scheme,
    host,
    method,
    client_address: handshake.clientAddress,
  };
}
