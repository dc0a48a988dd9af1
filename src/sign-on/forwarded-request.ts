import type { Handshake } from '../core/gate/handshake.ts';
import { readPath } from '../core/gate/path-readings.ts';
import { percentEncodeOctets, requestTarget, requestUrl } from '../core/gate/request-url.ts';
import type { BridgeFact } from '../core/model/sign-on-settings.ts';

/**
 * The client's request as it is forwarded to a sign-on service. `client_address` is undefined when
 * nginx does not send it.
 */
export type ForwardedRequest = Readonly<Record<Exclude<BridgeFact, 'client_address'>, string>> & {
  readonly client_address: string | undefined;
};

/**
 * The paths that the service has to allow: the one that nginx resolved, which Postern's own rules
 * use, and the one that the client sent where the two may be read differently, since a backend may
 * use that. The service has path rules of its own, so it must allow both.
 */
export function pathsToCheck({ path }: Handshake): readonly (string | undefined)[] {
  const read = path === undefined ? undefined : readPath(path);
  if (read === undefined || read.all.length === 1) return [path];
  return [encodePath(read.resolved), path];
}

function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9._~!$&'()*+,;=:@/-]/g, percentEncodeOctets);
}

/**
 * Describes a handshake to the service. Its URL is the client's, without the query parameters that
 * may hold a token. The scheme is http or https: the services know no other, and cookies are sent
 * with both.
 */
export function forwardedRequest(
  handshake: Handshake,
  tokenNames: readonly string[],
): ForwardedRequest {
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
