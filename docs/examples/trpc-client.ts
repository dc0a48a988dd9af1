import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import type { AppRouter } from './trpc-server.ts';

/** tRPC calls `url` at each connection, so each has a ticket of its own. */
export function connectWithTicket(url: string, askTicket: () => Promise<string>) {
  const socket = createWSClient({ url: async () => `${url}?token=${await askTicket()}` });
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
