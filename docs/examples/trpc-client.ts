import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import type { AppRouter } from './trpc-server.ts';

/**
 * tRPC calls `url` at each connection, so each has a ticket of its own. A denied handshake is no error for
 * tRPC: it tries again for ever, and queries and subscriptions wait. So this counts the attempts that never
 * opened, gives up after some in a row, and tells `onDenied`: queries are then rejected, subscriptions end.
 */
export function connectWithTicket(
  url: string,
  askTicket: () => Promise<string>,
  { attempts = 5, onDenied = () => {} }: { attempts?: number; onDenied?: () => void } = {},
) {
  let failed = 0;
  const socket = createWSClient({
    url: async () => `${url}?token=${await askTicket()}`,
    onOpen: () => {
      failed = 0;
    },
    onClose: () => {
      failed++;
      if (failed < attempts) return;
      onDenied();
      void socket.close();
    },
  });
  return { socket, trpc: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] }) };
}

/** The token in the first message. Your server has to judge it. */
export function connectWithToken(url: string, askToken: () => Promise<string>) {
  const socket = createWSClient({
    url,
    connectionParams: async () => ({ token: await askToken() }),
  });
  return { socket, trpc: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] }) };
}
