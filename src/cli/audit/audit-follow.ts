import { setTimeout as pause } from 'node:timers/promises';
import type { ShownAuditEntry } from '../../audit/schemas.ts';
import { type AdminClient, parseJson, readWhole } from '../toolkit/admin-client.ts';
import { expectOk, Refusal } from '../toolkit/refusal.ts';
import { readEvents } from '../toolkit/server-events.ts';

/** Milliseconds between two attempts to get a stream back, and how many of them are in vain at most. */
const again = { ms: 1_000, times: 60 } as const;

/**
 * Entries of the audit log behind a number, as they are added, without end: when the service goes away it
 * is asked again, and goes on where it ended. Rejects with Refusal, and with OperatorError when it does
 * not come back.
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
        expectOk({ status: stream.status, body: parseJson(await readWhole(stream.body)) });
      }
      failures = 0;
      for await (const { id, data } of readEvents(stream.body)) {
        yield JSON.parse(data) as ShownAuditEntry;
        last = id;
      }
    } catch (error) {
      if (error instanceof Refusal || ++failures > again.times) throw error;
    }
    await pause(again.ms);
  }
}
