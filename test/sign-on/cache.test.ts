import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { Handshake } from '../../src/core/gate/handshake.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { alice, sessions } from '../../testkit/sign-on/users.ts';
import { waitFor } from '../../testkit/wait.ts';
import { openBridge, outcomeOf } from './fixture.ts';

const cookie = sessions.authelia.alice;

async function openCached(t: TestContext, cacheTtl = 5_000) {
  const server = await startSignOn(t, 'authelia');
  const bridge = openBridge(t, { service: 'authelia', url: server.url, cacheTtl });
  return { server, bridge };
}

test('without a cache every request is a question of its own', async (t) => {
  const { server, bridge } = await openCached(t, 0);
  for (let i = 0; i < 5; i++) await bridge.about({ cookie });
  assert.equal(server.questions.length, 5);
});

test('with a cache an answer counts for its time and no longer', async (t) => {
  const { server, bridge } = await openCached(t);
  for (const now of [1_000, 1_001, 5_999]) {
    assert.equal(outcomeOf(await bridge.about({ cookie }, now)), 'alice');
  }
  assert.equal(server.questions.length, 1);
  assert.equal(outcomeOf(await bridge.about({ cookie }, 6_000)), 'alice');
  assert.equal(server.questions.length, 2);
});

test('a clock that is set back does not make an answer last', async (t) => {
  const { server, bridge } = await openCached(t);
  await bridge.about({ cookie }, 1_000_000);
  await bridge.about({ cookie }, 1_000);
  assert.equal(server.questions.length, 2);
});

const different: readonly [what: string, facts: Partial<Handshake>, authorization?: string][] = [
  ['other cookies', { cookie: sessions.authelia.bob }],
  ['an Authorization', { cookie }, 'Basic YWxpY2U6eA=='],
  ['another host', { cookie, host: 'other.example.com' }],
  ['another path', { cookie, path: '/denied' }],
  ['another query', { cookie, query: 'admin=1' }],
  ['another method', { cookie, method: 'POST' }],
  ['another scheme', { cookie, scheme: 'http' }],
  ['another client address', { cookie, clientAddress: '203.0.113.8' }],
];
for (const [what, facts, authorization] of different) {
  test(`what was answered does not count for ${what}`, async (t) => {
    const { server, bridge } = await openCached(t);
    await bridge.about({ cookie }, 0);
    await bridge.about(facts, 0, authorization);
    assert.equal(server.questions.length, 2);
  });
}

test('a token in the query makes no other question, and is in none', async (t) => {
  const { server, bridge } = await openCached(t);
  await bridge.about({ cookie, query: 'a=1&token=one' });
  await bridge.about({ cookie, query: 'token=two&a=1' });
  assert.equal(server.questions.length, 1);
});

test('cookies and Authorization cannot be mistaken for each other', async (t) => {
  const server = await startAnswering(t, (_question, response) => {
    response.writeHead(200, { 'remote-user': 'alice' }).end();
  });
  const bridge = openBridge(t, { url: server.url, cacheTtl: 1_000 });
  const value = 'tinyauth-session-1=x';
  await bridge.about({ cookie: value });
  await bridge.about({}, 0, value);
  assert.equal(server.questions.length, 2);
});

test('denials, and requests without a credential, are asked about each time', async (t) => {
  const { server, bridge } = await openCached(t);
  for (let i = 0; i < 3; i++) {
    assert.equal(outcomeOf(await bridge.about({ cookie: 'authelia_session=x' })), 'sign_on_denied');
    assert.equal(outcomeOf(await bridge.about({ path: '/public' })), 'anonymous');
  }
  assert.equal(server.questions.length, 6);
});

test('whoever asks the same at the same moment shares the answer, a denial too', async (t) => {
  const held: ServerResponse[] = [];
  const server = await startAnswering(t, (_question, response) => void held.push(response));
  const bridge = openBridge(t, { url: server.url, cacheTtl: 1_000 });
  for (const [status, expected] of [
    [401, 'sign_on_denied'],
    [200, alice.name],
  ] as const) {
    const asked = Array.from({ length: 50 }, () =>
      bridge.about({ cookie: sessions.tinyauth.alice }),
    );
    await waitFor('a question', () => held.length > 0);
    held.pop()?.writeHead(status, { 'remote-user': alice.name }).end();
    for (const found of await Promise.all(asked)) assert.equal(outcomeOf(found), expected);
  }
  assert.equal(server.questions.length, 2);
});

test('without a cache nobody shares an answer', async (t) => {
  const { server, bridge } = await openCached(t, 0);
  await Promise.all(Array.from({ length: 20 }, () => bridge.about({ cookie })));
  assert.equal(server.questions.length, 20);
});

test('1,000 people at once each get their own answer', async (t) => {
  const server = await startAnswering(t, ({ headers }, response) => {
    const user = /=(\d+)/.exec(headers.cookie ?? '')?.[1] ?? '';
    setImmediate(() => response.writeHead(200, { 'remote-user': user }).end());
  });
  const bridge = openBridge(t, { url: server.url, cacheTtl: 5_000, maxRequests: 250 });
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const found = await bridge.about({
          cookie: `tinyauth-session-a=${i}`,
          clientAddress: `10.${i >> 8}.${i & 255}.1`,
        });
        assert.equal(outcomeOf(found), String(i));
      }),
    );
  }
  assert.equal(server.questions.length, 1_000);
});

test('an answer that is on its way during a recheck is neither cached nor shared afterwards', async (t) => {
  const held: ServerResponse[] = [];
  const server = await startAnswering(t, (_question, response) => void held.push(response));
  const bridge = openBridge(t, { service: 'authelia', url: server.url, cacheTtl: 5_000 });
  const before = bridge.about({ cookie });
  await waitFor('a question', () => held.length === 1);
  assert.equal(bridge.forgetAnswers(0), 0);
  const after = bridge.about({ cookie });
  await waitFor('a question of its own', () => held.length === 2);
  held[0]?.writeHead(200, { 'remote-user': 'alice' }).end();
  assert.equal(outcomeOf(await before), 'alice');
  // The end of the older question leaves the newer one shared.
  const shared = bridge.about({ cookie });
  held[1]?.writeHead(401).end();
  assert.equal(outcomeOf(await after), 'sign_on_denied');
  assert.equal(outcomeOf(await shared), 'sign_on_denied');
  assert.equal(held.length, 2);
});

test('only answers that are in force are counted', async (t) => {
  const server = await startAnswering(t, (_question, response) => {
    response.writeHead(200, { 'remote-user': 'alice' }).end();
  });
  const bridge = openBridge(t, { service: 'authelia', url: server.url, cacheTtl: 5_000 });
  await bridge.about({ cookie }, 1_000);
  await bridge.about({ cookie, path: '/later' }, 4_000);
  assert.equal(bridge.forgetAnswers(7_000), 1);
  assert.equal(bridge.forgetAnswers(7_000), 0);
});
