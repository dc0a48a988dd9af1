import { isIP } from 'node:net';
import { explainFailure, isStaleConnection } from './failure.ts';

/** What a service answered. */
export interface SignOnAnswer {
  readonly status: number;
  /** By name in lower case, one character a byte. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** A connection pool to one service. */
export interface SignOnClient {
  /**
   * Sends a GET and reads the answer to its end. Rejects with an Error whose message may be logged:
   * it holds nothing of question or answer.
   */
  get(path: string, headers: Readonly<Record<string, string>>): Promise<SignOnAnswer>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** Most bytes of an answer's headers; nginx reserves about as much for Postern's. */
const headerLimit = 16_384;
/** Most bytes of an answer's body, which is thrown away. */
const bodyLimit = 65_536;
/** Milliseconds that a connection is kept without use: less than any of the services keeps it. */
const idleTimeout = 4_000;

/**
 * Opens the pool: kept-alive connections, as many as `connections` at the most, each with one request
 * at a time; no redirect is followed. `timeout` is for a whole answer, in milliseconds. The package
 * behind it is loaded here, and so only where there is a bridge.
 */
export function createClient(options: {
  readonly url: string;
  readonly connections: number;
  readonly timeout: number;
}): SignOnClient {
  const { connections, timeout } = options;
  const { origin, pathname, hostname } = new URL(options.url);
  const base = pathname.replace(/\/$/, '');
  const opening = openPool();
  // Whoever asks first meets the failure, if there is one.
  opening.catch(() => {});

  async function openPool() {
    // The package is CommonJS: bundled, all it has is its default export.
    const { buildConnector, Pool } = (await import('undici')).default;
    const connect = buildConnector({ timeout });
    // The certificate has to be the service's own, whatever host a request is about. A TLS server
    // name is never an address (RFC 6066, section 3).
    const server = isIP(hostname.replace(/[[\]]/g, '')) === 0 ? { servername: hostname } : {};
    return new Pool(origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      connect: ({ servername: _, ...target }, done) => connect({ ...target, ...server }, done),
      keepAliveTimeout: idleTimeout,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      maxHeaderSize: headerLimit,
      maxResponseSize: bodyLimit,
    });
  }

  async function send(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SignOnAnswer> {
    const pool = await opening;
    const answer = await pool.request({
      method: 'GET',
      path: base + path,
      headers,
      signal,
      // The same for all requests: a client of the pool reconnects when it changes.
      ...({ servername: hostname } as object),
    });
    // Read to its end, or its connection could not be used again.
    for await (const _ of answer.body);
    return { status: answer.statusCode, headers: linesOf(answer.headers) };
  }

  return {
    async get(path, headers) {
      const signal = AbortSignal.timeout(timeout);
      try {
        return await send(path, headers, signal).catch((error) => {
          // A connection that the service closed while it was idle is no sign of trouble.
          if (!isStaleConnection(error) || signal.aborted) throw error;
          return send(path, headers, signal);
        });
      } catch (error) {
        throw new Error(explainFailure(error));
      }
    },
    async close() {
      const pool = await opening.catch(() => undefined);
      await pool?.destroy();
    },
  };
}

function linesOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = []]) => [name, [value].flat()]),
  );
}
