import { initTRPC, TRPCError } from '@trpc/server';
import type { CreateWSSContextFnOptions } from '@trpc/server/adapters/ws';
import { type Introspector, introspect } from './introspect.ts';

/** Behind the gate nobody gets here without a ticket, and nginx says who it was. */
export function contextFromGate({ req }: CreateWSSContextFnOptions) {
  return { user: String(req.headers['remote-user']) };
}

/** Without a gate: the token is in the first message, and is judged here. */
export function contextFromToken(introspector: Introspector) {
  return async ({ info, req }: CreateWSSContextFnOptions) => {
    const { token } = info.connectionParams ?? {};
    const { user, reason } = await introspect(introspector, token, req.headers.origin);
    if (user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED', message: reason });
    return { user };
  };
}

const t = initTRPC.context<{ user: string }>().create();

export const appRouter = t.router({
  whoAmI: t.procedure.query(({ ctx }) => ctx.user),
});

export type AppRouter = typeof appRouter;
