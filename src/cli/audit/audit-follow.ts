import { setTimeout as pause } from 'node:timers/promises';
import type { ShownAuditEntry } from '../../audit/schemas.ts';
import { type AdminClient, parseJson, readBody } from '../toolkit/admin-client.ts';
import { expectSuccess } from '../toolkit/admin-response.ts';
import { CommandFailed } from '../toolkit/command-failed.ts';
import { readEvents } from '../toolkit/server-events.ts';

/** Milliseconds between attempts to reconnect, and the maximum number of attempts in a row. */
const reconnect = { ms: 1_000, times: 60 } as const;

/**
 * Follows the audit log: yields the entries after `after`, without end. Reconnects when the service
 * goes away, and resumes at the last entry. Rejects with CommandFailed, and with OperatorError when
 * the service does not come back.
 */
export async function* followAudit(
  admin: AdminClient,
  query: URLSearchParams,
  after: number,
): AsyncGenerator<ShownAuditEntry> {
  let last = String(after);
  for (let failures = 0; ; ) {
    try {
      const stream = await admin.open(`/v1/events?${query}`, { 'last-event-id': last });
      if (stream.status !== 200) {
        expectSuccess({ status: stream.status, body: parseJson(await readBody(stream.body)) });
      }
      failures = 0;
      for await (const { id, data } of readEvents(stream.body)) {
        yield JSON.parse(data) as ShownAuditEntry;
        last = id;
      }
    } catch (error) {
      if (error instanceof CommandFailed || ++failures > reconnect.times) throw error;
    }
    await pause(reconnect.ms);
  }
}
