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
      extra.user = await introspect(introspector, connectionParams?.token);
      return extra.user !== undefined; // false closes the socket with 4403
    },
    context: ({ extra }) => ({ user: extra.user }),
  };
}
