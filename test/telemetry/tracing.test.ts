import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';
import {
  audience,
  byUrl,
  iss,
  makeJwt,
  newSigner,
  present,
  startJwksServer,
  startWithIssuers,
} from '../../testkit/jwt.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { recordSpans } from '../../testkit/postern/tracer.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { startBridged } from './metrics/fixture.ts';

/** Spans are looked at in the process that makes them. */
const traced = { env: { POSTERN_TRACING_ENABLED: 'true' }, singleProcess: true } as const;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${parent}-01`;

test('a decision is a span below the one that nginx names, with gate, verdict, reason and source', async (t) => {
  const spans = recordSpans(t);
  const postern = await startTestPostern(t, traced);
  const { token } = await postern.issue();
  const headers = { ...handshakeHeaders, traceparent, 'x-original-uri': `/?token=${token}` };
  await ask(postern.gate, headers);
  const id = postern.lastDecision().request_id;
  const [verify, decision] = spans;
  assert.equal(spans.length, 2);
  assert.deepEqual(
    { ...decision, spanId: undefined },
    {
      name: 'postern.decision',
      kind: 1,
      traceId,
      spanId: undefined,
      parent,
      attributes: {
        'postern.request_id': id,
        'postern.request': 'handshake',
        'postern.verdict': 'allow',
        'postern.gate': 'default',
        'postern.source': 'query',
      },
      isError: false,
    },
  );
  assert.deepEqual(
    [verify?.name, verify?.traceId, verify?.parent, verify?.attributes],
    ['postern.verify', traceId, decision?.spanId, { 'postern.source': 'query' }],
  );
});

test('a denial says why, and is an error only where Postern or something behind it failed', async (t) => {
  const spans = recordSpans(t);
  const { postern, signOn, name } = await startBridged(t, traced);
  await ask(postern.gate, { host: name });
  await ask(postern.gate, { host: name, cookie: sessions.tinyauth.alice });
  await signOn.stop();
  await ask(postern.gate, { host: name, cookie: sessions.tinyauth.alice });
  const told = spans.map(({ name, attributes: a, isError }) => [
    name,
    a['postern.reason'] ?? a['postern.service'] ?? a['postern.verdict'],
    isError,
  ]);
  assert.deepEqual(told, [
    ['postern.bridge', 'tinyauth', false],
    ['postern.decision', 'sign_on_denied', false],
    ['postern.bridge', 'tinyauth', false],
    ['postern.decision', 'allow', false],
    ['postern.bridge', 'tinyauth', false],
    ['postern.decision', 'sign_on_unavailable', true],
  ]);
  assert.equal(spans[0]?.parent, spans[1]?.spanId);
});

test('keys that have to be fetched, and a ticket that is used up, are spans below the decision', async (t) => {
  const spans = recordSpans(t);
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  const postern = await startWithIssuers(t, { partner: byUrl(server) }, traced);
  await present(postern, makeJwt(signer));
  const { token } = await postern.issueTicket();
  await ask(postern.gate, { ...handshakeHeaders, 'x-original-uri': `/?token=${token}` });
  const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const told = spans.map(({ name, parent }) => [name, nameOf.get(parent ?? '')]);
  assert.deepEqual(told, [
    ['postern.jwks', 'postern.verify'],
    ['postern.verify', 'postern.decision'],
    ['postern.decision', undefined],
    ['postern.verify', 'postern.decision'],
    ['postern.redeem', 'postern.decision'],
    ['postern.decision', undefined],
  ]);
  assert.deepEqual(spans[0]?.attributes, { 'postern.issuer': 'partner' });
});

test('a traceparent that is none, or comes twice, or from who may not ask, begins a trace of its own', async (t) => {
  const spans = recordSpans(t);
  const postern = await startTestPostern(t, traced);
  const other = traceparent.replace(parent, 'ffffffffffffffff');
  for (const told of ['', 'nonsense', [traceparent, other], `${traceparent}\u00e9`]) {
    await ask(postern.gate, { traceparent: told });
  }
  const strict = await startTestPostern(t, {
    ...traced,
    env: { ...traced.env, POSTERN_GATE_TRUSTED_PROXIES: '10.0.0.1' },
  });
  assert.equal((await ask(strict.gate, { traceparent })).reason, 'untrusted_proxy');
  assert.equal(spans.length, 5);
  for (const span of spans) {
    assert.equal(span.parent, undefined);
    assert.notEqual(span.traceId, traceId);
  }
});

test('what a traceparent says changes no decision', async (t) => {
  recordSpans(t);
  const postern = await startTestPostern(t, traced);
  const { token } = await postern.issue();
  const good = { ...handshakeHeaders, 'x-original-uri': `/?token=${token}` };
  for (const told of ['nonsense', [traceparent, 'other'], 'x'.repeat(5_000), traceparent]) {
    assert.equal(
      (await ask(postern.gate, { ...good, traceparent: told, tracestate: told })).status,
      200,
    );
    assert.equal((await ask(postern.gate, { traceparent: told })).status, 401);
  }
});

test('no span holds a secret, who somebody is, or what was asked for', async (t) => {
  const spans = recordSpans(t);
  const { postern, name } = await startBridged(t, traced);
  const planted = 'planted7secret';
  const { token, id } = await postern.issue({ subject: planted });
  await ask(postern.gate, { host: name, 'x-original-uri': `/${planted}?token=${token}` });
  await ask(postern.gate, {
    host: name,
    authorization: `Bearer ${planted}`,
    origin: `https://${planted}.example`,
  });
  await ask(postern.gate, { host: name, cookie: `${sessions.tinyauth.alice}; x=${planted}` });
  await ask(postern.gate, { host: `${planted}.example.com`, tracestate: planted, traceparent });
  assert.ok(spans.length > 5);
  const text = JSON.stringify(spans);
  for (const secret of [planted, token, id, 'alice', 'session', name, '203.0.113.7']) {
    assert.ok(!text.includes(secret), `${secret} is in a span`);
  }
});

test('without tracing.enabled nothing is traced, and the API is not even loaded', async (t) => {
  const spans = recordSpans(t);
  const postern = await startTestPostern(t);
  await ask(postern.gate, { traceparent });
  assert.deepEqual(spans, []);
  // In a process of its own: this one has loaded it for the tests.
  const watch = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name === '@opentelemetry/api') process.stderr.write('the API is loaded');
      return next(name, context);
    } });`;
  const { env } = programEnvironment(t, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(watch)}`,
  });
  const loads = async (more: Record<string, string>) => {
    const served = await startTestProgram(t, { env: { ...env, ...more } });
    return (await served.end('SIGTERM')).stderr.includes('the API is loaded');
  };
  assert.deepEqual([await loads({}), await loads(traced.env)], [false, true]);
});

test('docs/tracing.md names every span and every attribute', async (t) => {
  const page = readFileSync(join(packageRoot, 'docs/tracing.md'), 'utf8');
  const spans = recordSpans(t);
  const signer = newSigner('ES256');
  const issuers = {
    partner: { issuer: iss, audience, ...byUrl(await startJwksServer(t, signer)) },
  };
  const env = { ...traced.env, POSTERN_JWT_ISSUERS: JSON.stringify(issuers) };
  const { postern, name } = await startBridged(t, { ...traced, env });
  const { token } = await postern.issueTicket();
  await ask(postern.gate, { host: name, 'x-original-uri': `/?token=${token}` });
  await ask(postern.gate, { host: name, cookie: sessions.tinyauth.bob });
  await ask(postern.gate, { host: name, authorization: `Bearer ${makeJwt(signer)}` });
  const told = new Set(spans.flatMap((span) => [span.name, ...Object.keys(span.attributes)]));
  const named = new Set([...page.matchAll(/`(postern\.[a-z_]+)`/g)].map(([, name]) => name));
  assert.deepEqual([...named].sort(), [...told].sort());
});
