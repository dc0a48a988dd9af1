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
import type { AuditFilter, AuditStore } from '../store/port/audit.ts';
import type { AuditFeed } from './feed.ts';
import {
  followAuditSchema,
  listAuditSchema,
  type ShownAuditEntry,
  showEntry,
  toFilter,
} from './schemas.ts';

/** Dependencies of the routes. */
export interface AuditRouteDependencies {
  readonly audit: Pick<AuditStore, 'list'>;
  readonly auditFeed: AuditFeed;
  /** The services in force. */
  readonly current: () => { readonly adminKeys: AdminKeyLookup };
  /** Limits of event streams; the defaults where they are left out. */
  readonly streams?: Partial<typeof defaultStreamLimits>;
}

const defaultStreamLimits = {
  /** Open streams of one key, so that one holder does not block the others. */
  perKey: 8,
  /** Open streams of all keys. */
  maxStreams: 256,
  /** Milliseconds without an event after which a comment is sent. */
  heartbeatMs: 15_000,
  /** Milliseconds that a reader may take to receive what was sent. */
  slowReaderMs: 30_000,
};

const defaultLimit = 50;

/** `/audit` and `/events` of the admin API: the audit log, and a stream of its new entries. */
export function auditRoutes(dependencies: AuditRouteDependencies): FastifyPluginAsyncTypebox {
  const { audit, auditFeed, current } = dependencies;
  const streams = { ...defaultStreamLimits, ...dependencies.streams };
  /** Open streams, with the name of their key. */
  const open = new Map<EventStream, string>();

  /** Sends entries until the reader disconnects, or its key is no longer valid. */
  async function follow(
    request: FastifyRequest,
    stream: EventStream,
    { from, filter }: { from: number; filter: AuditFilter },
  ): Promise<void> {
    for (let place = from; !stream.closed.aborted; ) {
      // Checked each time: a revoked or expired key reads nothing further.
      if (!isAllowed(await findKey(current().adminKeys, request), ['auditor'])) return;
      const { records, scannedTo } = await auditFeed.after(place, filter);
      if (records.length > 0) {
        const data = (entry: ShownAuditEntry) => JSON.stringify(entry);
        await stream.send(records.map((one) => ({ id: one.seq, data: data(showEntry(one)) })));
      }
      const isCaughtUp = scannedTo === place;
      place = scannedTo;
      if (!isCaughtUp) continue;
      const waited = { timeoutMs: streams.heartbeatMs, signal: stream.closed };
      if (!(await auditFeed.waitForEntries(place, waited))) await stream.heartbeat();
    }
  }

  /** The entry after which a stream begins: the last one that the reader has, or the newest. */
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
          summary: 'Follow the audit log as server-sent events; `Last-Event-ID` resumes',
          produces: ['text/event-stream'],
          querystring: followAuditSchema,
          response: {
            200: {
              description: 'An endless stream of events; the data of each is an AuditEntry',
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
        if (open.size >= streams.maxStreams) throw new ProblemError('too_many_streams');
        const stream = openEventStream(reply, streams.slowReaderMs);
        open.set(stream, key);
        try {
          await follow(request, stream, { from, filter });
        } catch {
          // The store is unavailable. The reader reconnects and continues with `Last-Event-ID`.
        } finally {
          stream.end();
          open.delete(stream);
        }
      },
    );
  };
}
