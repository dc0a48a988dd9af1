import { request } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ShownAuditEntry, ShownAuditPage } from '../../src/audit/schemas.ts';
import { type AuditVerification, verifyAudit } from '../../src/audit/verify.ts';
import type { ReceivedEvent } from '../../src/cli/toolkit/server-events.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { AuditAnchor, AuditEntry, AuditRecord } from '../../src/core/model/audit.ts';
import type { Store } from '../../src/store/port/store.ts';
import { requestTarget } from '../clients/request-target.ts';
import type { Scope } from '../scope.ts';
import { waitFor } from '../wait.ts';
import { adminKey } from './admin-key.ts';
import type { TestPostern } from './start.ts';

/** An entry about to be written, but for these facts. */
export function anEntry(facts: Partial<AuditEntry> = {}): AuditEntry {
  return { at: 1_000, event: 'change', actor: { name: 'ci' }, ...facts };
}

/** All entries of a store, oldest first. */
export function recordsOf(store: Store): Promise<readonly AuditRecord[]> {
  return store.audit.read(async ({ records }) => {
    const all: AuditRecord[] = [];
    for await (const record of records) all.push(record);
    return all;
  });
}

/** What verifying says of a store. */
export function verified(
  store: Store,
  anchors?: readonly AuditAnchor[],
): Promise<AuditVerification> {
  return store.audit.read((snapshot) => verifyAudit(snapshot, anchors));
}

/** Changes the audit log as somebody does who may write the file, and takes the triggers out of the way. */
export function tamper(dataDir: string, work: (db: Database.Database) => void): void {
  const db = new Database(join(dataDir, 'postern.db'));
  try {
    const triggers = db
      .prepare<[], { name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'",
      )
      .all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    work(db);
    for (const { sql } of triggers) db.exec(sql);
  } finally {
    db.close();
  }
}

/** Entries as the admin API shows them. */
export async function listAudit(postern: TestPostern, query = ''): Promise<ShownAuditEntry[]> {
  const { status, body } = await postern.api('GET', `/v1/audit?limit=500&${query}`);
  if (status !== 200) throw new Error(`no list: ${JSON.stringify(body)}`);
  return (body as ShownAuditPage).entries;
}

/** A reader of `GET /v1/events`. */
export interface EventReader {
  readonly status: number;
  /** The next events, as many as asked for. */
  take(count: number): Promise<ReceivedEvent[]>;
  /** Everything that was sent so far, comments too. */
  text(): string;
  /** Resolves when the stream has ended. */
  ended(): Promise<void>;
  /** Whether it ended as an answer ends, and was not cut off. */
  isWhole(): boolean;
  /** Takes nothing more off the connection, or goes on. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Opens an event stream, and closes it after the test. */
export async function openEvents(
  t: Scope,
  admin: ListenAddress,
  { query = '', lastId, key = adminKey }: { query?: string; lastId?: string; key?: string } = {},
): Promise<EventReader> {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(lastId !== undefined && { 'last-event-id': lastId }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { ...requestTarget(admin), path: `/v1/events${query}`, headers, agent: false },
      (response) => {
        let text = '';
        let rest = '';
        let taken = 0;
        const events: ReceivedEvent[] = [];
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          const blocks = (rest + chunk).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) {
            const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(block) ?? [];
            if (id !== undefined && data !== undefined) events.push({ id, data });
          }
        });
        let isOver = false;
        response.once('close', () => {
          isOver = true;
        });
        resolve({
          status: response.statusCode ?? 0,
          async take(count) {
            await waitFor(`${count} events`, () => events.length >= taken + count);
            taken += count;
            return events.slice(taken - count, taken);
          },
          isWhole: () => response.complete,
          text: () => text,
          ended: () => waitFor('the end of the stream', () => isOver),
          pause: () => void response.socket.pause(),
          resume: () => void response.socket.resume(),
          close: () => void outgoing.destroy(),
        });
      },
    );
    outgoing.on('error', reject);
    t.after(() => outgoing.destroy());
    outgoing.end();
  });
}
