import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { gateNamePattern } from '../core/gate/handshake.ts';
import type { Actor } from '../core/model/audit.ts';
import type { ThrottledNetwork, ThrottleFilter } from '../core/model/throttle.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';

const timestamp = Type.String({ format: 'date-time' });
const throttledSchema = Type.Object({
  gate: Type.Union([Type.String(), Type.Null()], { description: 'Null for the admin API.' }),
  network: Type.String({
    description:
      'As `203.0.113.7/32`; `unknown` if nginx sends no client address, `unix` for a Unix socket.',
  }),
  since: timestamp,
  until: Type.String({ format: 'date-time', description: 'If no other attempt fails.' }),
  failures: Type.Integer({ description: 'Failed attempts so far.' }),
});

/** A throttled network as the API shows it. */
export type ShownThrottle = Static<typeof throttledSchema>;

/** A page of throttled networks as the API shows it. */
export interface ShownThrottlePage {
  readonly throttled: readonly ShownThrottle[];
  readonly next_cursor: string | null;
}

/** What the routes work with. */
export interface ThrottleRouteDependencies {
  list(): Promise<readonly ThrottledNetwork[]>;
  clear(filter: ThrottleFilter, actor: Actor): Promise<readonly ThrottledNetwork[]>;
}

const defaultLimit = 50;
const gate = Type.Optional(Type.String({ pattern: gateNamePattern, description: 'At this gate.' }));

/** `/throttle` of the admin API: who made too many failed attempts. */
export function throttleRoutes({
  list,
  clear,
}: ThrottleRouteDependencies): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/throttle',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'List networks with too many failed attempts, the longest throttled first',
          querystring: Type.Object(
            {
              gate,
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
              cursor: Type.Optional(
                Type.String({
                  pattern: '^[0-9]{1,9}$',
                  description: '`next_cursor` of the previous page.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              throttled: Type.Array(throttledSchema),
              next_cursor: Type.Union([Type.String(), Type.Null()]),
            }),
          },
        },
      },
      async ({ query }) => {
        const { limit = defaultLimit, cursor = '0' } = query;
        const all = (await list()).filter(
          (one) => query.gate === undefined || one.gate === query.gate,
        );
        const start = Number(cursor);
        const end = start + limit;
        return {
          throttled: all.slice(start, end).map(showThrottled),
          next_cursor: end < all.length ? String(end) : null,
        };
      },
    );

    app.delete(
      '/throttle',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Clear failed attempts: all, those at a gate, or those of a network',
          querystring: Type.Object(
            {
              gate,
              network: Type.Optional(
                Type.String({
                  minLength: 1,
                  maxLength: 64,
                  description: 'As listed, or an address: then also the wider network around it.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              cleared: Type.Integer({ description: 'How many networks were throttled.' }),
            }),
          },
        },
      },
      async (request) => {
        const cleared = await clear(request.query, actorOf(request));
        return { cleared: cleared.length };
      },
    );
  };
}

function showThrottled({ gate, network, since, until, failures }: ThrottledNetwork): ShownThrottle {
  return {
    gate: gate ?? null,
    network,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    failures,
  };
}
