import type { ServerOptions } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import { type Introspector, introspect } from './introspect.ts';

/** What goes into `useServer({ schema, … }, webSockets)`. */
type Options = ServerOptions<Record<string, unknown>, Extra & { user?: string | undefined }>;

/** Behind the gate nobody gets here without a ticket, and nginx says who it was. */
export const optionsBehindGate: Options = {
  context: ({ extra }) => ({ user: extra.request.headers['remote-user'] }),
};

/** Without a gate: the token is in the first message, and is judged here. */
export function optionsForTokens(introspector: Introspector): Options {
  return {
    async onConnect({ connectionParams, extra }) {
      const { origin } = extra.request.headers;
      const { user, reason } = await introspect(introspector, connectionParams?.token, origin);
      extra.user = user;
      // 4403 is the code of graphql-ws for it, which clients do not retry at once.
      if (user === undefined) extra.socket.close(4403, reason);
      return user !== undefined;
    },
    context: ({ extra }) => ({ user: extra.user }),
  };
}
