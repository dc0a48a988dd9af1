import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fastify from 'fastify';
import type { AdminKeys } from '../../src/admin-keys/service.ts';
import { createAuditFeed } from '../../src/audit/feed.ts';
import { auditRoutes } from '../../src/audit/routes.ts';
import type { ShownAuditEntry } from '../../src/audit/schemas.ts';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { type ReceivedEvent, readEvents } from '../../src/cli/toolkit/server-events.ts';
import { fullAccessKey } from '../../src/core/model/admin-key.ts';
import type { Events } from '../../src/core/model/events.ts';
import { createErrorHandler } from '../../src/http/problem.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { anEntry, openEvents } from '../../testkit/postern/audit.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { waitFor } from '../../testkit/wait.ts';

const entryOf = ({ data }: { data: string }) => JSON.parse(data) as ShownAuditEntry;

test('what happens is sent as it happens, with its number as the id', async (t) => {
  const postern = await startTestPostern(t);
  await postern.issue({ subject: 'before' });
  const reader = await openEvents(t, postern.admin);
  await postern.issue({ subject: 'alice' });
  await postern.issue({ subject: 'bob' });
  const events = await reader.take(2);
  assert.deepEqual(
    events.map((event) => [event.id, entryOf(event).seq, entryOf(event).subject]),
    [
      ['2', 2, 'alice'],
      ['3', 3, 'bob'],
    ],
  );
  assert.match(reader.text(), /^retry: \d+\n\nid: 2\ndata: {[^\n]*}\n\nid: 3\n/);
});

test('a reader that comes back goes on where it was, without a gap and without anything twice', async (t) => {
  const postern = await startTestPostern(t);
  let writing = true;
  let issued = 0;
  const issuing = (async () => {
    for (; writing; issued++) await postern.issue({ subject: `user-${issued}` });
  })();
  const seen: number[] = [];
  for (let round = 0; round < 10; round++) {
    const lastId = String(seen.at(-1) ?? 0);
    const reader = await openEvents(t, postern.admin, { lastId });
    const events = await reader.take(5);
    seen.push(...events.map(({ id }) => Number(id)));
    reader.close();
  }
  writing = false;
  await issuing;
  const reader = await openEvents(t, postern.admin, { query: `?after=${seen.at(-1)}` });
  const rest = await reader.take(issued - seen.length);
  seen.push(...rest.map(({ id }) => Number(id)));
  assert.deepEqual(
    seen,
    Array.from({ length: issued }, (_, i) => i + 1),
  );
});

test('a stream can be narrowed down as a list can', async (t) => {
  const postern = await startTestPostern(t);
  const reader = await openEvents(t, postern.admin, { query: '?event=revocation&subject=bob' });
  for (const subject of ['alice', 'bob']) {
    const { id } = await postern.issue({ subject });
    await postern.api('DELETE', `/v1/tokens/${id}`);
  }
  const [event] = await reader.take(1);
  assert.deepEqual([event?.id, event && entryOf(event).subject], ['4', 'bob']);
});

test('a place in the log that is none is refused, and one that is not there yet', async (t) => {
  const postern = await startTestPostern(t);
  await postern.issue();
  for (const options of [
    { lastId: '2' },
    { lastId: 'x' },
    { lastId: '-1' },
    { query: '?after=x' },
    { query: '?after=9' },
    { query: '?event=nothing' },
  ]) {
    const { status } = await openEvents(t, postern.admin, options);
    assert.equal(status, 400, JSON.stringify(options));
  }
});

test('what another process writes is sent too, and so is what other workers do', async (t) => {
  const { env, dataDir } = programEnvironment(t, { POSTERN_WORKERS: '2' });
  const served = await startTestProgram(t, { env });
  const readers = await Promise.all([1, 2, 3, 4].map(() => openEvents(t, served.admin)));
  const client = connectAdmin({ listen: served.admin, key: adminKey }, undefined);
  // Each over a connection of its own, so that both workers get some.
  await Promise.all(
    Array.from({ length: 10 }, (_, i) => client.send('POST', '/v1/tokens', { subject: `u${i}` })),
  );
  const store = openSqliteStore(dataDir);
  await store.audit.append([anEntry({ subject: 'from outside' })]);
  await store.close();
  for (const reader of readers) {
    const events = await reader.take(11);
    assert.deepEqual(
      events.map(({ id }) => id),
      Array.from({ length: 11 }, (_, i) => String(i + 1)),
    );
    assert.ok(events.some((event) => entryOf(event).subject === 'from outside'));
  }
});

test('open streams do not hold up a shutdown, and end with it', async (t) => {
  const postern = await startTestPostern(t);
  const readers = await Promise.all([openEvents(t, postern.admin), openEvents(t, postern.admin)]);
  await postern.close();
  await Promise.all(readers.map(({ ended }) => ended()));
  for (const reader of readers) assert.ok(reader.isWhole(), 'nobody had to be cut off');
});

test('a key that is revoked reads nothing of what comes after', async (t) => {
  const postern = await startTestPostern(t);
  const { body } = await postern.api('POST', '/v1/keys', { name: 'eve', role: 'auditor' });
  const { key } = body as { key: string };
  const reader = await openEvents(t, postern.admin, { key });
  await postern.issue({ subject: 'seen' });
  await reader.take(1);
  await postern.api('DELETE', '/v1/keys/eve');
  await postern.issue({ subject: 'unseen' });
  await reader.ended();
  assert.ok(reader.text().includes('"subject":"seen"'));
  assert.ok(!reader.text().includes('unseen'));
});

/** The routes alone, on a store that tells how often it is asked, with other bounds. */
async function startRoutes(
  t: TestContext,
  streams: { maxStreams?: number; heartbeatMs?: number; slowReaderMs?: number },
) {
  const store = openSqliteStore(join(temporaryDirectory(t), 'data'));
  const adminKeys = {
    identify: async () => fullAccessKey('test', 0),
  } as Partial<AdminKeys> as AdminKeys;
  const app = fastify();
  app.setErrorHandler(createErrorHandler({} as Events));
  app.decorateRequest('adminKey', undefined);
  app.addHook('onRequest', async (request) => {
    request.adminKey = fullAccessKey('test', 0);
  });
  const auditFeed = createAuditFeed(store.audit);
  app.addSchema({ $id: 'AuditEntry', type: 'object', additionalProperties: true });
  await app.register(
    auditRoutes({ audit: store.audit, auditFeed, current: () => ({ adminKeys }), streams }),
    {
      prefix: '/v1',
    },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(async () => {
    await app.close();
    await store.close();
  });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { store, app, admin: { kind: 'tcp', host: '127.0.0.1', port } as const };
}

test('while nothing happens comments show that the stream lives', async (t) => {
  const { admin } = await startRoutes(t, { heartbeatMs: 20 });
  const reader = await openEvents(t, admin);
  await waitFor('three comments', () => reader.text().split('\n: still here\n\n').length > 3);
});

test('there are as many streams at once as are allowed, and room when one goes', async (t) => {
  const { admin } = await startRoutes(t, { maxStreams: 2 });
  const [first] = [await openEvents(t, admin), await openEvents(t, admin)];
  assert.equal((await openEvents(t, admin)).status, 429);
  first?.close();
  await waitFor('room', async () => (await openEvents(t, admin)).status === 200);
});

test('64 streams of one key keep no other key out', async (t) => {
  const postern = await startTestPostern(t, { singleProcess: true });
  const keyOf = async (name: string) => {
    const { body } = await postern.api('POST', '/v1/keys', { name, role: 'auditor' });
    return (body as { key: string }).key;
  };
  const greedy = await keyOf('greedy');
  const readers = await Promise.all(
    Array.from({ length: 64 }, () => openEvents(t, postern.admin, { key: greedy })),
  );
  const open = readers.filter(({ status }) => status === 200);
  assert.equal(open.length, 8);
  const refused = readers.find(({ status }) => status !== 200);
  await refused?.ended();
  assert.equal(refused?.status, 429);
  assert.match(refused?.text() ?? '', /The key \\"greedy\\" has 8 open already/);
  assert.equal((await openEvents(t, postern.admin)).status, 200);
  assert.equal((await openEvents(t, postern.admin, { key: await keyOf('other') })).status, 200);
  open[0]?.close();
  await waitFor('room', async () => {
    return (await openEvents(t, postern.admin, { key: greedy })).status === 200;
  });
});

test('a reader that takes nothing is cut off, and holds up nobody', async (t) => {
  const { store, app, admin } = await startRoutes(t, { slowReaderMs: 1_000 });
  const slow = await openEvents(t, admin);
  slow.pause();
  const other = await openEvents(t, admin);
  const subject = 'x'.repeat(500);
  const details = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d${i}`, subject]));
  const entries = Array.from({ length: 1_000 }, () => anEntry({ subject, details }));
  await store.audit.append(entries);
  const events = await other.take(1_000);
  assert.equal(events.at(-1)?.id, '1000');
  const connections = () =>
    new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
  await waitFor('the cut', async () => (await connections()) === 1);
  slow.resume();
  await slow.ended();
  assert.ok(!slow.isWhole());
  assert.ok(slow.text().length < other.text().length, 'it has not got everything');
  // What it has got is whole up to there, and it can go on.
  const ids = [...slow.text().matchAll(/^id: (\d+)\ndata: .*\n\n/gm)].map(([, id]) => Number(id));
  const again = await openEvents(t, admin, { lastId: String(ids.at(-1)) });
  const [next] = await again.take(1);
  assert.equal(next?.id, String((ids.at(-1) ?? 0) + 1));
});

test('the store is subscribed to only while somebody reads', async (t) => {
  const store = openSqliteStore(join(temporaryDirectory(t), 'data'));
  t.after(() => store.close());
  let subscriptions = 0;
  const feed = createAuditFeed({
    head: () => store.audit.head(),
    after: (...range) => store.audit.after(...range),
    subscribe(listener) {
      const unsubscribe = store.audit.subscribe(listener);
      subscriptions++;
      return () => {
        subscriptions--;
        unsubscribe();
      };
    },
  });
  const controller = new AbortController();
  const { signal } = controller;
  const waited = [1, 2].map(() => feed.waitForEntries(0, { timeoutMs: 60_000, signal }));
  assert.equal(subscriptions, 1);
  controller.abort();
  assert.deepEqual(await Promise.all(waited), [false, false]);
  assert.equal(subscriptions, 0);
  await store.audit.append([anEntry()]);
  const later = { timeoutMs: 60_000, signal: new AbortController().signal };
  assert.equal(await feed.waitForEntries(0, later), true);
  assert.equal(subscriptions, 0);
});

test('events are read however their bytes arrive', async () => {
  const text =
    'retry: 5\n\n: hello\n\nid: 1\ndata: {"a":"é"}\n\nid:2\r\ndata:x\r\ndata: y\r\n\r\nid: 3\n\n';
  const bytes = Buffer.from(text);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const chunks = async function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    };
    const events: ReceivedEvent[] = [];
    for await (const event of readEvents(chunks())) events.push(event);
    assert.deepEqual(events, [
      { id: '1', data: '{"a":"é"}' },
      { id: '2', data: 'x\ny' },
    ]);
  }
});
