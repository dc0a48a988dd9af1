import { isIP } from 'node:net';
import type { Client } from 'undici';
import { isUnaskedAnswer, stopping } from './failure.ts';

/** A connection to a service, which carries one request at a time. */
export interface Connection {
  readonly client: Client;
  /** For whom it is used, and for nobody else. */
  readonly holder: string;
  /** Whether it has carried a request before this one. */
  isUsed: boolean;
  /** Whether it was ever made. */
  isConnected: boolean;
  /** Set when it ended. */
  isGone: boolean;
  /** Set when it ended because an answer came on it that nobody had asked for. */
  isConfused: boolean;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/** The connections to one service. */
export interface Connections {
  /** One that this holder used before, or a new one. */
  take(holder: string): Promise<Connection>;
  /** A new one, whatever there is. */
  takeNew(holder: string): Promise<Connection>;
  /** Gives it back: to be used again where `isGood`. */
  give(connection: Connection, isGood: boolean): void;
  close(): Promise<void>;
}

/** Most bytes of an answer's headers; nginx reserves about as much for Postern's. */
const headerLimit = 16_384;
/** Most bytes of an answer's body, which is thrown away. */
const bodyLimit = 65_536;
/** Milliseconds that a connection is kept without use: less than any of the services keeps it. */
const idleTimeout = 4_000;

/**
 * Opens connections as they are needed. A kept one is used for the same holder only: HTTP/1.1 has
 * nothing that tells which request an answer is for (RFC 9112, section 9.3.2), so an answer that comes
 * late or twice is taken for the next one's, and then it has to be of the same person. `unasked` learns
 * of an answer for which no request was under way; nothing is kept from then on. The package behind it is
 * loaded here, and so only where there is a bridge.
 */
export function openConnections(options: {
  readonly url: string;
  readonly timeout: number;
  readonly keep: boolean;
  /** The service was reached. */
  readonly reached: () => void;
  readonly unasked: () => void;
}): Connections {
  const { url, timeout, reached, unasked } = options;
  const { origin, hostname } = new URL(url);
  let keeps = options.keep;
  let isClosed = false;
  const open = new Set<Connection>();
  /** Those that nobody uses at present, the one of longest ago first. */
  const idle = new Set<Connection>();
  const loading = load();
  // Whoever asks first meets the failure, if there is one.
  loading.catch(() => {});

  async function load() {
    // The package is CommonJS: bundled, all it has is its default export.
    const undici = (await import('undici')).default;
    const connect = undici.buildConnector({ timeout });
    // The certificate has to be the service's own, whatever host a request is about. A TLS server
    // name is never an address (RFC 6066, section 3).
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

  async function takeNew(holder: string): Promise<Connection> {
    const build = await loading;
    if (isClosed) throw stopping();
    // A new one takes the place of one that nobody uses: there are as many as there were requests at
    // once, and a service that serves one connection after the other is not kept by somebody else's.
    const [oldest] = idle;
    if (oldest !== undefined) end(oldest);
    const client = build();
    const { promise: ended, resolve: ending } = Promise.withResolvers<void>();
    const connection: Connection = {
      ended,
      client,
      holder,
      isUsed: false,
      isConnected: false,
      isGone: false,
      isConfused: false,
    };
    open.add(connection);
    client.on('connect', () => {
      connection.isConnected = true;
      reached();
    });
    client.on('disconnect', (_origin, _targets, error) => {
      end(connection);
      connection.isConfused = isUnaskedAnswer(error);
      ending();
      if (!connection.isConfused) return;
      // The others may be in the same way.
      for (const other of idle) end(other);
      if (keeps) unasked();
      keeps = false;
    });
    return connection;
  }

  function end(connection: Connection): void {
    connection.isGone = true;
    open.delete(connection);
    idle.delete(connection);
    // Whoever used it has their answer, or their failure.
    connection.client.destroy().catch(() => {});
  }

  return {
    takeNew,
    async take(holder) {
      const kept = [...idle].findLast((one) => one.holder === holder && isOpen(one));
      if (kept === undefined) return takeNew(holder);
      idle.delete(kept);
      return kept;
    },
    give(connection, isGood) {
      connection.isUsed = true;
      if (keeps && isGood && isOpen(connection)) idle.add(connection);
      else end(connection);
    },
    async close() {
      isClosed = true;
      keeps = false;
      await Promise.all([...open].map(({ client }) => client.destroy()));
    },
  };
}

/** Whether a connection can be used. Its end may have come, and not have been told yet. */
export function isOpen({ client, isGone }: Connection): boolean {
  return !isGone && client.stats.connected;
}
