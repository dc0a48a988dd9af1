import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { startRawServer } from '../../testkit/servers/raw-server.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { waitFor } from '../../testkit/wait.ts';
import { openBridge, outcomeOf } from './fixture.ts';

const cookie = sessions.tinyauth.alice;

/** An address for each: no two are in the same network. */
const addressOf = (i: number) => `198.18.${i}.1`;

/** How many of each outcome. */
function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

test('200 at once are all answered, no more at a time than are allowed', async (t) => {
  const server = await startSignOn(t, 'tinyauth');
  const bridge = openBridge(t, { url: server.url, maxRequests: 40 });
  const found = await Promise.all(
    Array.from({ length: 200 }, (_, i) => bridge.about({ cookie, clientAddress: addressOf(i) })),
  );
  assert.deepEqual(tally(found.map(outcomeOf)), { alice: 200 });
  assert.ok(server.counts.busiest <= 40, `${server.counts.busiest} at once`);
  assert.equal(server.questions.length, 200);
});

test('with a service that is slow, so many wait and the rest is denied at once', async (t) => {
  const held: ServerResponse[] = [];
  const server = await startAnswering(t, (_question, response) => void held.push(response));
  const bridge = openBridge(t, { url: server.url, maxRequests: 10 });
  const answers: string[] = [];
  const asked = Array.from({ length: 200 }, async (_, i) => {
    answers.push(outcomeOf(await bridge.about({ cookie, clientAddress: addressOf(i) })));
  });
  await waitFor('the denials', () => answers.length === 150);
  assert.deepEqual(tally(answers), { sign_on_unavailable: 150 });
  await waitFor('ten questions', () => held.length === 10);
  assert.equal(server.counts.busiest, 10);
  // Each that is answered makes room for the next.
  const done = Promise.all(asked).then(() => true);
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  await waitFor('the rest', () => {
    for (const response of held.splice(0))
      response.writeHead(200, { 'remote-user': 'alice' }).end();
    return isDone;
  });
  assert.deepEqual(tally(answers), { sign_on_unavailable: 150, alice: 50 });
  assert.equal(server.counts.busiest, 10);
  // Being busy is no news about the service.
  assert.deepEqual(bridge.reports, []);
});

test('while a service is away one request at a time looks whether it is back', async (t) => {
  let isUp = false;
  let waiting: (() => void)[] = [];
  const { url, connections } = await startRawServer(
    t,
    (socket) => {
      if (!isUp) return void socket.destroy();
      socket.on('data', () => {
        waiting.push(() =>
          socket.write('HTTP/1.1 200 OK\r\nRemote-User: alice\r\nContent-Length: 0\r\n\r\n'),
        );
      });
    },
    { immediately: true },
  );
  const bridge = openBridge(t, { url });
  for (let i = 0; i < 3; i++) await bridge.about({ cookie });
  const before = connections();
  isUp = true;
  const found = Array.from({ length: 100 }, () => bridge.about({ cookie }));
  const denied = await Promise.all(found.slice(1));
  assert.deepEqual(tally(denied.map(outcomeOf)), { sign_on_unavailable: 99 });
  await waitFor('the one request', () => waiting.length === 1);
  assert.equal(connections(), before + 1);
  for (const answer of waiting) answer();
  assert.equal(outcomeOf((await found[0]) ?? assert.fail()), 'alice');
  // It is back: everybody may ask again.
  waiting = [];
  const again = Promise.all(Array.from({ length: 5 }, () => bridge.about({ cookie })));
  await waitFor('all five', () => waiting.length === 5);
  for (const answer of waiting) answer();
  assert.deepEqual(tally((await again).map(outcomeOf)), { alice: 5 });
  assert.equal(bridge.reports.at(-1), 'fine');
});

test('an answer that cannot be used does not keep others from asking', async (t) => {
  const server = await startAnswering(t, ({ headers }, response) => {
    const isOdd = headers['x-original-url']?.includes('odd');
    response.writeHead(isOdd ? 400 : 200, { 'remote-user': 'alice' }).end();
  });
  const bridge = openBridge(t, { url: server.url });
  for (let i = 0; i < 10; i++) await bridge.about({ path: '/odd' });
  const found = await Promise.all(Array.from({ length: 20 }, () => bridge.about({ cookie })));
  assert.deepEqual(tally(found.map(outcomeOf)), { alice: 20 });
});

test('a kept connection that the service has closed meanwhile costs nobody their answer', async (t) => {
  const { url, connections } = await startRawServer(
    t,
    (socket) => {
      let requests = 0;
      socket.on('data', () => {
        if (++requests > 1) return void socket.destroy();
        socket.write('HTTP/1.1 200 OK\r\nRemote-User: alice\r\nContent-Length: 0\r\n\r\n');
      });
    },
    { immediately: true },
  );
  const bridge = openBridge(t, { url, maxRequests: 1 });
  for (let i = 0; i < 4; i++) assert.equal(outcomeOf(await bridge.about({ cookie })), 'alice');
  assert.equal(connections(), 4);
  assert.deepEqual(bridge.reports, []);
});

test('connections are kept for the same person, also after answers with a body', async (t) => {
  const server = await startSignOn(t, 'tinyauth');
  const bridge = openBridge(t, { url: server.url, maxRequests: 1 });
  for (const path of ['/', '/public', '/a', '/b']) await bridge.about({ cookie, path });
  assert.equal(server.counts.connections, 1);
});

test('a connection that one person used is never used for another, nor for the same one from elsewhere', async (t) => {
  const { url, connections } = await startRawServer(
    t,
    (socket) => {
      const seen = new Set<string>();
      socket.on('data', (data) => {
        const text = String(data);
        seen.add(
          `${/cookie: *(.*)/i.exec(text)?.[1]} ${/x-forwarded-for: *(.*)/i.exec(text)?.[1]}`,
        );
        assert.equal(seen.size, 1);
        socket.write('HTTP/1.1 200 OK\r\nRemote-User: alice\r\nContent-Length: 0\r\n\r\n');
      });
    },
    { immediately: true },
  );
  const bridge = openBridge(t, { url, maxRequests: 1 });
  for (const session of [cookie, sessions.tinyauth.bob, '', cookie]) {
    for (const clientAddress of ['192.0.2.1', '192.0.2.2']) {
      assert.equal(outcomeOf(await bridge.about({ cookie: session, clientAddress })), 'alice');
    }
  }
  assert.equal(connections(), 8);
});

test('with keep_connections: false each question has a connection of its own, and the service is told so', async (t) => {
  const server = await startSignOn(t, 'tinyauth');
  const bridge = openBridge(t, { url: server.url, keepConnections: false });
  for (let i = 0; i < 4; i++) assert.equal(outcomeOf(await bridge.about({ cookie })), 'alice');
  assert.equal(server.counts.connections, 4);
  assert.deepEqual(
    server.questions.map(({ headers }) => headers.connection),
    new Array(4).fill('close'),
  );
});
