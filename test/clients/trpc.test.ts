import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { issueTicket } from '../../docs/examples/issue-ticket.ts';
import { connectWithTicket, connectWithToken } from '../../docs/examples/trpc-client.ts';
import { appRouter, contextFromGate, contextFromToken } from '../../docs/examples/trpc-server.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { makeKey, startSocketServer } from '../../testkit/servers/socket-server.ts';
import { waitFor } from '../../testkit/wait.ts';

/** nginx with `/guarded` behind the gate and `/open` without it, both to a tRPC server each. */
async function startTrpcSite(t: TestContext) {
  const postern = await startTestPostern(t);
  const guarded = await startSocketServer(t);
  const open = await startSocketServer(t);
  const refused: string[] = [];
  applyWSSHandler({
    wss: guarded.webSockets,
    router: appRouter,
    createContext: contextFromGate,
  });
  applyWSSHandler({
    wss: open.webSockets,
    router: appRouter,
    createContext: contextFromToken(await makeKey(postern, 'introspector')),
    onError: ({ error }) => refused.push(error.code),
  });
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (_backend, include) => `
      location /guarded {
        set $postern_gate "chat";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        proxy_pass http://127.0.0.1:${guarded.port};
      }
      location /open {
        ${include('postern-proxy.conf')}
        proxy_pass http://127.0.0.1:${open.port};
      }`,
  });
  const decisions = () => postern.log.filter(({ event }) => event === 'decision');
  return { postern, site, guarded, open, refused, decisions };
}

test('a tRPC client that is cut off comes back with a fresh ticket each time', async (t) => {
  const { postern, site, guarded, decisions } = await startTrpcSite(t);
  const issuer = await makeKey(postern, 'issuer');
  const { socket, trpc } = connectWithTicket(`${site.socketUrl}/guarded`, () =>
    issueTicket(issuer, 'alice'),
  );
  t.after(() => socket.close());
  assert.equal(await trpc.whoAmI.query(), 'alice');
  for (let connections = 2; connections <= 4; connections++) {
    guarded.drop();
    await waitFor('the client is back', () => guarded.connections() === connections);
    assert.equal(await trpc.whoAmI.query(), 'alice');
  }
  assert.deepEqual(
    decisions().map(({ verdict, source }) => [verdict, source]),
    Array(4).fill(['allow', 'query']),
  );
  assert.equal(new Set(decisions().map(({ token_id }) => token_id)).size, 4);
});

test('a tRPC client without a good ticket never reaches the server', async (t) => {
  const { postern, site, guarded, decisions } = await startTrpcSite(t);
  const { token } = await postern.issueTicket();
  const first = connectWithTicket(`${site.socketUrl}/guarded`, async () => token);
  t.after(() => first.socket.close());
  assert.equal(await first.trpc.whoAmI.query(), 'alice');
  guarded.drop();
  // Node's own WebSocket repeats a handshake that was answered with 401, so there may be two.
  await waitFor('the client tried again', () => decisions().length > 1);
  assert.equal(postern.lastDecision().reason, 'already_used');
  assert.equal(guarded.connections(), 1);
});

test('a tRPC client that is denied again and again gives up, and what waited ends', async (t) => {
  const { site } = await startTrpcSite(t);
  let denied = 0;
  const { socket, trpc } = connectWithTicket(
    `${site.socketUrl}/guarded`,
    async () => 'pst_nothing',
    { attempts: 2, onDenied: () => denied++ },
  );
  t.after(() => socket.close());
  await assert.rejects(trpc.whoAmI.query());
  assert.equal(denied, 1);
});

test('a token in connectionParams is judged by introspection, and refused once it is revoked', async (t) => {
  const { postern, site, open, refused, decisions } = await startTrpcSite(t);
  const { token, id } = await postern.issue({ subject: 'alice', gates: ['chat'] });
  const { socket, trpc } = connectWithToken(`${site.socketUrl}/open`, async () => token);
  t.after(() => socket.close());
  assert.equal(await trpc.whoAmI.query(), 'alice');
  open.drop();
  await waitFor('the client is back', () => open.connections() === 2);
  assert.equal(await trpc.whoAmI.query(), 'alice');
  await postern.api('DELETE', `/v1/tokens/${id}`);
  assert.equal(await trpc.whoAmI.query(), 'alice', 'who is inside stays inside');
  open.drop();
  await waitFor('the next connection is refused', () => refused.includes('UNAUTHORIZED'));
  await assert.rejects(trpc.whoAmI.query());
  assert.equal(decisions().length, 0, 'the gate has nothing to do with it');
});
