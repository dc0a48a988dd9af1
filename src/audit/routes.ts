import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  type AdminKeyLookup,
  actorOf,
  findKey,
  isAllowed,
  requireRole,
} from '../http/admin-auth.ts';
import { type EventStream, openEventStream } from '../http/event-stream.ts';
import { ProblemError } from '../http/problem.ts';
import type { AuditFilter, AuditStore } from '../store/port.ts';
import type { AuditFeed } from './feed.ts';
import {
  followAuditSchema,
  listAuditSchema,
  type ShownAuditEntry,
  showEntry,
  toFilter,
} from './schemas.ts';

/** What the routes work with. */
export interface AuditRouteDependencies {
  readonly audit: Pick<AuditStore, 'list'>;
  readonly auditFeed: AuditFeed;
  /** The services in force. */
  readonly current: () => { readonly adminKeys: AdminKeyLookup };
  /** Bounds of event streams; those in force where it does not say. */
  readonly streams?: Partial<typeof usualStreams>;
}

const usualStreams = {
  /** How many one key has at once, so that whoever has it keeps nobody else out. */
  perKey: 8,
  /** How many there are at once. */
  most: 256,
  /** Milliseconds without an event after which a comment is sent. */
  beatMs: 15_000,
  /** Milliseconds that a reader may take for what was sent. */
  slowMs: 30_000,
};

const defaultLimit = 50;

/** `/audit` and `/events` of the admin API: what happened, and what happens. */
export function auditRoutes(dependencies: AuditRouteDependencies): FastifyPluginAsyncTypebox {
  const { audit, auditFeed, current } = dependencies;
  const streams = { ...usualStreams, ...dependencies.streams };
  /** With the name of the key that each was opened with. */
  const open = new Map<EventStream, string>();

  /** Sends entries until the reader is gone, or may not read any more. */
  async function follow(
    request: FastifyRequest,
    stream: EventStream,
    { from, filter }: { from: number; filter: AuditFilter },
  ): Promise<void> {
    for (let place = from; !stream.closed.aborted; ) {
      // A key that was revoked, or has expired, reads nothing further.
      if (!isAllowed(await findKey(current().adminKeys, request), ['auditor'])) return;
      const { records, upTo } = await auditFeed.after(place, filter);
      if (records.length > 0) {
        const data = (entry: ShownAuditEntry) => JSON.stringify(entry);
        await stream.send(records.map((one) => ({ id: one.seq, data: data(showEntry(one)) })));
      }
      const isCaughtUp = upTo === place;
      place = upTo;
      if (!isCaughtUp) continue;
      const waited = { timeoutMs: streams.beatMs, signal: stream.closed };
      if (!(await auditFeed.grown(place, waited))) await stream.heartbeat();
    }
  }

  /** Where a stream begins: behind the last event that the reader has, or with what is new. */
  async function placeOf(header: unknown, after: string | undefined): Promise<number> {
    const newest = await auditFeed.newest();
    const last = header ?? after;
    if (last === undefined) return newest;
    if (typeof last !== 'string' || !/^\d{1,15}$/.test(last)) {
      throw new ProblemError('validation_failed', 'Last-Event-ID is not the number of an entry.');
    }
    if (Number(last) > newest) {
      const detail = `There is no entry ${last} yet: the last one is ${newest}.`;
      throw new ProblemError('validation_failed', detail);
    }
    return Number(last);
  }

  return async (app) => {
    app.addHook('preClose', async () => {
      for (const stream of open.keys()) stream.end();
    });

    app.get(
      '/audit',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'List entries of the audit log, newest first',
          querystring: listAuditSchema,
          response: {
            200: Type.Object({
              entries: Type.Array(Type.Unsafe<ShownAuditEntry>({ $ref: 'AuditEntry#' })),
              next_cursor: Type.Union([Type.String(), Type.Null()]),
            }),
          },
        },
      },
      async (request) => {
        const { limit = defaultLimit, cursor, order = 'desc', ...query } = request.query;
        const page = await audit.list(toFilter(query), {
          limit,
          order: order === 'asc' ? 'oldest' : 'newest',
          ...(cursor !== undefined && { cursor }),
        });
        return {
          entries: page.records.map(showEntry),
          next_cursor: page.nextCursor ?? null,
        };
      },
    );

    app.get(
      '/events',
      {
        onRequest: requireRole('auditor'),
        // A HEAD would wait for a body that never ends.
        exposeHeadRoute: false,
        schema: {
          summary:
            'Follow the audit log as server-sent events; `Last-Event-ID` goes on where it ended',
          produces: ['text/event-stream'],
          querystring: followAuditSchema,
          response: {
            200: {
              description: 'Events without end; the data of each is an AuditEntry',
              content: { 'text/event-stream': { schema: Type.String() } },
            },
          },
        },
      },
      async (request, reply) => {
        const { after, ...query } = request.query;
        const filter = toFilter(query);
        const from = await placeOf(request.headers['last-event-id'], after);
        const key = actorOf(request).name;
        const ofKey = [...open.values()].filter((name) => name === key).length;
        if (ofKey >= streams.perKey) {
          const detail = `The key "${key}" has ${ofKey} open already. Close one of them.`;
          throw new ProblemError('too_many_streams', detail);
        }
        if (open.size >= streams.most) throw new ProblemError('too_many_streams');
        const stream = openEventStream(reply, streams.slowMs);
        open.set(stream, key);
        try {
          await follow(request, stream, { from, filter });
        } catch {
          // The store cannot answer. Whoever reads comes back, and goes on where this ends.
        } finally {
          stream.end();
          open.delete(stream);
        }
      },
    );
  };
}
