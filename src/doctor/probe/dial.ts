import { lookup as systemLookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { rootCertificates, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Target } from './target.ts';

/** How a connection is made. */
export interface DialOptions {
  /** Milliseconds for each of: the name, the connection, TLS. */
  readonly timeout: number;
  /** Certificates of authorities to trust beside the usual ones, in PEM. */
  readonly ca?: string;
}

/** A connection, or what kept it from being made. */
export type DialResult<T extends Socket = Socket> =
  | { readonly kind: 'open'; readonly socket: T }
  | { readonly kind: 'failed'; readonly detail: string };

/** Looks a name up; rejects as `dns.lookup` does. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** All addresses of a name, as the system sees them. */
export const lookupAddresses: Lookup = async (host) => {
  if (isIP(host) !== 0) return [host];
  const found = await systemLookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
};

/** Opens a TCP connection. */
export function dial(host: string, port: number, { timeout }: DialOptions): Promise<DialResult> {
  return settle(connect({ host, port, autoSelectFamily: false }), 'connect', timeout);
}

/**
 * Speaks TLS over a connection, whatever the certificate: what is wrong with it is for a check to
 * say. `protocols` are those of ALPN (RFC 7301).
 */
export function secure(
  socket: Socket,
  { host }: Target,
  protocols: readonly string[],
  { timeout, ca }: DialOptions,
): Promise<DialResult<TLSSocket>> {
  const upgraded = tlsConnect({
    socket,
    // An address is no server name (RFC 6066, section 3).
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: false,
    // Names are checked by the check of the certificate, also when the chain is not trusted.
    checkServerIdentity: () => undefined,
    ALPNProtocols: [...protocols],
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  });
  return settle(upgraded, 'secureConnect', timeout);
}

/** Resolves once, however the connection fares, and never leaves it without a listener for errors. */
function settle<T extends Socket>(
  socket: T,
  event: string,
  timeout: number,
): Promise<DialResult<T>> {
  return new Promise((resolve) => {
    const fail = (detail: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ kind: 'failed', detail });
    };
    const timer = setTimeout(() => fail(`no answer within ${timeout / 1000} s`), timeout);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(explain(error)));
    socket.once('close', () => fail('the connection was closed'));
    socket.once(event, () => {
      clearTimeout(timer);
      resolve({ kind: 'open', socket });
    });
  });
}

const errorTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no route to this address',
  ENETUNREACH: 'this machine has no route to such addresses',
  ETIMEDOUT: 'no answer',
  EACCES: 'this machine does not allow it',
};

/** OpenSSL's own texts are long; Node has the part that says what happened in `reason`. */
function explain({ code = '', message, reason }: NodeJS.ErrnoException & { reason?: string }) {
  return errorTexts[code] ?? reason ?? (message || code);
}
