import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { buildSchema } from 'graphql';
import { type ClientOptions, createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { withTicket, withToken } from '../../docs/examples/graphql-client.ts';
import { optionsBehindGate, optionsForTokens } from '../../docs/examples/graphql-server.ts';
import { issueTicket } from '../../docs/examples/issue-ticket.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { makeKey, startSocketServer } from '../../testkit/servers/socket-server.ts';
import { waitFor } from '../../testkit/wait.ts';

/** A subscription that says who one is, once, and stays open. */
const application = {
  schema: buildSchema('type Query { none: String } type Subscription { whoAmI: String }'),
  roots: {
    subscription: {
      async *whoAmI(_input: unknown, { user }: { user: string }) {
        yield { whoAmI: user };
        await new Promise(() => {});
      },
    },
  },
};

/** nginx with `/guarded` behind the gate and `/open` without it, both to a GraphQL server each. */
async function startGraphqlSite(t: TestContext) {
  const postern = await startTestPostern(t);
  const guarded = await startSocketServer(t);
  const open = await startSocketServer(t);
  const introspector = await makeKey(postern, 'introspector');
  useServer({ ...application, ...optionsBehindGate }, guarded.webSockets);
  useServer({ ...application, ...optionsForTokens(introspector) }, open.webSockets);
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
  return { postern, site, guarded, open, decisions };
}

/** Subscribes, and returns what came of it so far. */
function subscribe(t: TestContext, options: ClientOptions) {
  // It would wait for seconds before each attempt, and more each time.
  const client = createClient({ ...options, retryWait: async () => {} });
  t.after(() => client.terminate());
  const came = { answers: [] as unknown[], codes: [] as number[], failed: false };
  client.on('closed', (event) => came.codes.push((event as CloseEvent).code));
  const release = client.subscribe(
    { query: 'subscription { whoAmI }' },
    {
      next: ({ data }) => came.answers.push(data?.whoAmI),
      error: () => {
        came.failed = true;
      },
      complete: () => {},
    },
  );
  t.after(release);
  return came;
}

test('a graphql-ws client that is cut off comes back with a fresh ticket each time', async (t) => {
  const { postern, site, guarded, decisions } = await startGraphqlSite(t);
  const issuer = await makeKey(postern, 'issuer');
  let asked = 0;
  const askTicket = async () => {
    // The second time the application cannot be reached.
    if (++asked === 2) throw new Error('no ticket');
    return issueTicket(issuer, 'alice');
  };
  const came = subscribe(t, withTicket(`${site.socketUrl}/guarded`, askTicket));
  for (let connections = 1; connections <= 3; connections++) {
    await waitFor('the subscription answers', () => came.answers.length === connections);
    if (connections < 3) guarded.drop();
  }
  assert.deepEqual(came.answers, ['alice', 'alice', 'alice']);
  const allowed = decisions().filter(({ verdict }) => verdict === 'allow');
  assert.deepEqual(
    allowed.map(({ source }) => source),
    ['query', 'query', 'query'],
  );
  assert.equal(new Set(allowed.map(({ token_id }) => token_id)).size, 3);
  assert.ok(decisions().some(({ reason }) => reason === 'no_credential'));
});

test('a used ticket does not bring a graphql-ws client back, and it gives up', async (t) => {
  const { postern, site, guarded } = await startGraphqlSite(t);
  const { token } = await postern.issueTicket();
  const came = subscribe(
    t,
    withTicket(`${site.socketUrl}/guarded`, async () => token),
  );
  await waitFor('the subscription answers', () => came.answers.length === 1);
  guarded.drop();
  await waitFor('the client gives up', () => came.failed);
  assert.equal(postern.lastDecision().reason, 'already_used');
  assert.equal(guarded.connections(), 1);
});

test('a token in connectionParams is judged by introspection, and refused once it is revoked', async (t) => {
  const { postern, site, open, decisions } = await startGraphqlSite(t);
  const { token, id } = await postern.issue({ subject: 'alice', gates: ['chat'] });
  const came = subscribe(
    t,
    withToken(`${site.socketUrl}/open`, async () => token),
  );
  await waitFor('the subscription answers', () => came.answers.length === 1);
  open.drop();
  await waitFor('the client is back', () => came.answers.length === 2);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  open.drop();
  await waitFor('the client gives up', () => came.failed);
  assert.deepEqual(came.answers, ['alice', 'alice']);
  assert.ok(came.codes.includes(4403));
  assert.equal(decisions().length, 0, 'the gate has nothing to do with it');
});
