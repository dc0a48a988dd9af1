import { type Connection, createConnections, isUsable } from './connections.ts';
import { desynchronized, isStaleConnection, RequestFailed } from './request-failure.ts';

/** A service's response. The body is discarded. */
export interface ServiceAnswer {
  readonly status: number;
  /** By lower-case name, one character per byte (latin1). */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** HTTP client for one service. */
export interface ServiceClient {
  /**
   * Sends a GET and reads the response to its end, until the signal aborts. `owner` identifies the
   * client that the request is about: a connection is never shared between owners. Rejects with
   * RequestFailed.
   */
  get(
    path: string,
    headers: Readonly<Record<string, string>>,
    asked: { readonly owner: string; readonly signal: AbortSignal },
  ): Promise<ServiceAnswer>;
  /** Aborts requests in flight. */
  close(): Promise<void>;
}

/**
 * Creates the client. Each request in flight has its own connection; redirects are not followed.
 * `timeout` is for a whole response, in milliseconds. `onConnected` is called for each new
 * connection, `onUnsolicitedAnswer` for a response without a request.
 */
export function createServiceClient(options: {
  readonly url: string;
  readonly timeout: number;
  /** Whether connections are reused. */
  readonly keep: boolean;
  readonly onConnected: () => void;
  readonly onUnsolicitedAnswer: () => void;
}): ServiceClient {
  const { url, timeout, keep, onConnected, onUnsolicitedAnswer } = options;
  const { pathname, hostname } = new URL(url);
  const base = pathname.replace(/\/$/, '');
  const connections = createConnections({ url, timeout, keep, onConnected, onUnsolicitedAnswer });

  async function send(
    connection: Connection,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ServiceAnswer> {
    const { wasUsed } = connection;
    let isReusable = false;
    try {
      const answer = await connection.client.request({
        method: 'GET',
        path: base + path,
        headers: keep ? headers : { ...headers, Connection: 'close' },
        signal,
        // Constant: undici reconnects when the server name changes.
        ...({ servername: hostname } as object),
      });
      // The body must be consumed, or the connection cannot be reused.
      for await (const _ of answer.body);
      // This may be the late response to the previous request. Its own then follows, or is there
      // already.
      if (wasUsed && (await receivedSecondAnswer(connection))) throw desynchronized();
      isReusable = isFromService(answer.statusCode);
      return { status: answer.statusCode, headers: headerLines(answer.headers) };
    } finally {
      connections.release(connection, isReusable);
    }
  }

  return {
    async get(path, headers, { owner, signal }) {
      let isConnected = false;
      const attempt = async (connection: Connection) => {
        try {
          return await send(connection, path, headers, signal);
        } finally {
          isConnected = connection.isConnected;
        }
      };
      try {
        const first = await connections.acquire(owner);
        const { wasUsed } = first;
        return await attempt(first).catch(async (error) => {
          // A connection that was closed while idle is no failure of the service: retry once.
          if (!wasUsed || !isStaleConnection(error) || signal.aborted) throw error;
          return attempt(await connections.acquireNew(owner));
        });
      } catch (error) {
        throw new RequestFailed(error, isConnected);
      }
    },
    close: connections.close,
  };
}

/** Whether more than the one expected response came in on a connection. */
async function receivedSecondAnswer(connection: Connection): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  if (!isUsable(connection)) await connection.closed;
  return connection.isDesynchronized;
}

/**
 * Whether a response is the service's own. An error status may come from a proxy in between that
 * gave up waiting; the service's response then arrives late.
 */
function isFromService(status: number): boolean {
  return status < 400 || status === 401 || status === 403;
}

function headerLines(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = []]) => [name, [value].flat()]),
  );
}
