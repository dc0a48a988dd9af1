import { isIP } from 'node:net';
import type { Client } from 'undici';
import { isUnsolicitedAnswer, shuttingDown } from './request-failure.ts';

/** A connection to a service. It carries one request at a time. */
export interface Connection {
  readonly client: Client;
  /** The client whose requests it carries. Never shared with another client. */
  readonly owner: string;
  /** Whether it carried a request before the current one. */
  wasUsed: boolean;
  /** Whether it was ever established. */
  isConnected: boolean;
  isClosed: boolean;
  /** Set when it was closed because of a response without a request (HTTP desynchronization). */
  isDesynchronized: boolean;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
}

/** Connection pool of one service. */
export interface Connections {
  /** An idle connection of this owner, or a new one. */
  acquire(owner: string): Promise<Connection>;
  /** Always a new connection. */
  acquireNew(owner: string): Promise<Connection>;
  /** Returns a connection to the pool. It is closed unless `isReusable`. */
  release(connection: Connection, isReusable: boolean): void;
  close(): Promise<void>;
}

/** Bytes of response headers; nginx reserves about as much for Postern's. */
const headerLimit = 16_384;

/** Bytes of a response body, which is discarded. */
const bodyLimit = 65_536;

/** Milliseconds that an idle connection is kept: less than any of the services keeps it. */
const idleTimeout = 4_000;

/**
 * Creates a pool that opens connections on demand. An idle connection is reused by the same owner
 * only: HTTP/1.1 does not say which request a response belongs to (RFC 9112, section 9.3.2), so a
 * late or duplicate response is read as the next one's, and must then belong to the same client.
 * `onUnsolicitedAnswer` is called when a response comes without a request; connections are not kept
 * from then on. undici is loaded here, so only where a gate has a bridge.
 */
export function createConnections(options: {
  readonly url: string;
  readonly timeout: number;
  readonly keep: boolean;
  /** Called when a connection is established. */
  readonly onConnected: () => void;
  readonly onUnsolicitedAnswer: () => void;
}): Connections {
  const { url, timeout, onConnected, onUnsolicitedAnswer } = options;
  const { origin, hostname } = new URL(url);
  let keeps = options.keep;
  let isClosed = false;
  const open = new Set<Connection>();
  /** Idle connections, least recently used first. */
  const idle = new Set<Connection>();
  const loading = load();
  // The first request reports a failure to load.
  loading.catch(() => {});

  async function load() {
    // undici is CommonJS: once bundled it has a default export only.
    const undici = (await import('undici')).default;
    const connect = undici.buildConnector({ timeout });
    // Verifies the certificate against the service's own host, not against a request's Host header.
    // A TLS server name is never an IP address (RFC 6066, section 3).
    const server = isIP(hostname.replace(/[[\]]/g, '')) === 0 ? { servername: hostname } : {};
    return () =>
      new undici.Client(origin, {
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

  async function acquireNew(owner: string): Promise<Connection> {
    const build = await loading;
    if (isClosed) throw shuttingDown();
    // Evicts an idle connection: there are never more than requests at once, and a service that
    // serves one connection at a time is not blocked by another client's idle one.
    const [oldest] = idle;
    if (oldest !== undefined) discard(oldest);
    const client = build();
    const { promise: closed, resolve: markClosed } = Promise.withResolvers<void>();
    const connection: Connection = {
      closed,
      client,
      owner,
      wasUsed: false,
      isConnected: false,
      isClosed: false,
      isDesynchronized: false,
    };
    open.add(connection);
    client.on('connect', () => {
      connection.isConnected = true;
      onConnected();
    });
    client.on('disconnect', (_origin, _targets, error) => {
      discard(connection);
      connection.isDesynchronized = isUnsolicitedAnswer(error);
      markClosed();
      if (!connection.isDesynchronized) return;
      // Other idle connections may be desynchronized too.
      for (const other of idle) discard(other);
      if (keeps) onUnsolicitedAnswer();
      keeps = false;
    });
    return connection;
  }

  function discard(connection: Connection): void {
    connection.isClosed = true;
    open.delete(connection);
    idle.delete(connection);
    // The request on it has ended already, or it fails.
    connection.client.destroy().catch(() => {});
  }

  return {
    acquireNew,
    async acquire(owner) {
      const kept = [...idle].findLast((one) => one.owner === owner && isUsable(one));
      if (kept === undefined) return acquireNew(owner);
      idle.delete(kept);
      return kept;
    },
    release(connection, isReusable) {
      connection.wasUsed = true;
      if (keeps && isReusable && isUsable(connection)) idle.add(connection);
      else discard(connection);
    },
    async close() {
      isClosed = true;
      keeps = false;
      await Promise.all([...open].map(({ client }) => client.destroy()));
    },
  };
}

/** Whether a connection can carry a request. The socket may be closed before its event arrives. */
export function isUsable({ client, isClosed }: Connection): boolean {
  return !isClosed && client.stats.connected;
}
