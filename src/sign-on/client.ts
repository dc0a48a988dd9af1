import { type Connection, isOpen, openConnections } from './connections.ts';
import { AskFailed, confused, isStaleConnection } from './failure.ts';

/** What a service answered. */
export interface SignOnAnswer {
  readonly status: number;
  /** By name in lower case, one character a byte. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** Asks one service. */
export interface SignOnClient {
  /**
   * Sends a GET and reads the answer to its end, until the signal comes. `holder` stands for whoever the
   * question is about: what others asked is never answered to them. Rejects with AskFailed.
   */
  get(
    path: string,
    headers: Readonly<Record<string, string>>,
    asked: { readonly holder: string; readonly signal: AbortSignal },
  ): Promise<SignOnAnswer>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * Builds the client. Each question that is under way has a connection of its own; no redirect is followed.
 * `timeout` is for a whole answer, in milliseconds. `reached` is called whenever a connection is made,
 * `unasked` when the service sent an answer that belongs to no question.
 */
export function createClient(options: {
  readonly url: string;
  readonly timeout: number;
  /** Whether a connection is used again. */
  readonly keep: boolean;
  readonly reached: () => void;
  readonly unasked: () => void;
}): SignOnClient {
  const { url, timeout, keep, reached, unasked } = options;
  const { pathname, hostname } = new URL(url);
  const base = pathname.replace(/\/$/, '');
  const connections = openConnections({ url, timeout, keep, reached, unasked });

  async function send(
    connection: Connection,
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SignOnAnswer> {
    const { isUsed } = connection;
    let isGood = false;
    try {
      const answer = await connection.client.request({
        method: 'GET',
        path: base + path,
        headers: keep ? headers : { ...headers, Connection: 'close' },
        signal,
        // The same for all requests: a client reconnects when it changes.
        ...({ servername: hostname } as object),
      });
      // Read to its end, or its connection could not be used again.
      for await (const _ of answer.body);
      // It may have been the one before's: then its own comes now, if it has not come already.
      if (isUsed && (await isDoubtful(connection))) throw confused();
      isGood = isMeant(answer.statusCode);
      return { status: answer.statusCode, headers: linesOf(answer.headers) };
    } finally {
      connections.give(connection, isGood);
    }
  }

  return {
    async get(path, headers, { holder, signal }) {
      let isConnected = false;
      const attempt = async (connection: Connection) => {
        try {
          return await send(connection, path, headers, signal);
        } finally {
          isConnected = connection.isConnected;
        }
      };
      try {
        const first = await connections.take(holder);
        const { isUsed } = first;
        return await attempt(first).catch(async (error) => {
          // A connection that the service closed while it was idle is no sign of trouble.
          if (!isUsed || !isStaleConnection(error) || signal.aborted) throw error;
          return attempt(await connections.takeNew(holder));
        });
      } catch (error) {
        throw new AskFailed(error, isConnected);
      }
    },
    close: connections.close,
  };
}

/** Whether there is more on a connection than the one answer that was asked for. */
async function isDoubtful(connection: Connection): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  if (!isOpen(connection)) await connection.ended;
  return connection.isConfused;
}

/**
 * Whether an answer is the service's own. One that only says that something went wrong may come from a
 * proxy that has given up on an answer, which then comes too late.
 */
function isMeant(status: number): boolean {
  return status < 400 || status === 401 || status === 403;
}

function linesOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = []]) => [name, [value].flat()]),
  );
}
