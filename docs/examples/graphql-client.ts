import type { ClientOptions } from 'graphql-ws';

/** For `createClient`, which calls `url` at each connection: each has a ticket of its own. */
export function withTicket(url: string, askTicket: () => Promise<string>): ClientOptions {
  return {
    // It never comes back from a `url` that rejects. Without a ticket it is denied, and tries again.
    url: async () => `${url}?token=${await askTicket().catch(() => '')}`,
    // Otherwise it gives up where a WebSocket reports an error, which a denial is.
    shouldRetry: () => true,
  };
}

/** The token in the first message. Your server has to judge it. */
export function withToken(url: string, askToken: () => Promise<string>): ClientOptions {
  return {
    url,
    connectionParams: async () => ({ token: await askToken() }),
    shouldRetry: () => true,
  };
}
