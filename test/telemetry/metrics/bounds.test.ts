import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { DecisionRecord } from '../../../src/core/model/events.ts';
import { deny } from '../../../src/core/model/verdict.ts';
import { definitions } from '../../../src/telemetry/metrics/definitions.ts';
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts';
import { adminKey } from '../../../testkit/postern/admin-key.ts';
import { ask } from '../../../testkit/postern/ask.ts';
import { scrape } from '../../../testkit/postern/metrics.ts';
import { startAdmin, startBridged } from './fixture.ts';

/** A decision about a client's wildest request. */
function record(changes: Partial<DecisionRecord>): DecisionRecord {
  return {
    requestId: '',
    at: 0,
    milliseconds: 0.03,
    gate: undefined,
    matchedBy: undefined,
    verdict: deny('no_gate'),
    method: 'GET',
    host: undefined,
    path: undefined,
    origin: undefined,
    upgrade: true,
    clientAddress: undefined,
    ...changes,
  };
}

async function seriesAfter(gates: readonly { name: string }[], records: Iterable<DecisionRecord>) {
  const metrics = createMetrics(Date.now);
  metrics.applyConfig({ gates: gates as never, jwtIssuers: [] });
  for (const one of records) metrics.events.decided?.(one);
  const families = await metrics.families();
  const decisions = families.find(({ name }) => name === definitions.decisions.name);
  return new Set((decisions?.values ?? []).map(({ labels }) => labels.gate));
}

function* strangers(): Generator<DecisionRecord> {
  for (let i = 0; i < 10_000; i++) {
    yield record({
      gate: `gate-${i}`,
      host: `${i}.example.com`,
      path: `/${i}`,
      origin: `https://${i}.example`,
      clientAddress: `2001:db8::${i.toString(16)}`,
      method: `M${i}`,
    });
  }
}

test('10,000 gates that are not in the configuration are one label', async () => {
  const labels = await seriesAfter([{ name: 'chat' }], strangers());
  assert.deepEqual(labels, new Set(['other']));
});

test('where nginx names the gates, the first 50 names are labels', async () => {
  const labels = await seriesAfter([], strangers());
  assert.equal(labels.size, 51);
  assert.ok(labels.has('gate-0') && labels.has('gate-49') && labels.has('other'));
});

test('however odd the requests are, the number of series stays what it is', async (t) => {
  const { postern } = await startAdmin(t);
  const odd = async (i: number) => {
    await ask(postern.gate, {
      host: `h${i}.example.com`,
      'x-original-uri': `/p${i}?token=t${i}`,
      origin: `https://o${i}.example`,
      'x-real-ip': `203.0.113.${i % 256}`,
    });
    await postern.api('GET', `/v1/tokens/tok_${i}`);
    await postern.api('GET', `/x${i}?y=${i}`);
    await postern.api('DELETE', `/v1/keys/k${i}`);
  };
  const round = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await odd(i);
    const { samples } = await scrape(postern.admin);
    return samples.filter(({ name }) => name.startsWith('postern_')).length;
  };
  await round(0, 2);
  const few = await round(2, 4);
  assert.equal(await round(4, 200), few);
});

test('nothing secret and nothing that a client sent is in the metrics', async (t) => {
  const { postern, signOn, name } = await startBridged(t);
  const planted = 'planted7secret';
  const { token, id } = await postern.issue({ subject: planted, label: planted });
  const cookie = `tinyauth-session-1a2b3c4d=${planted}; postern_token=${planted}`;
  const credentials: Record<string, string>[] = [
    { 'x-original-uri': `/${planted}?token=${token}` },
    { 'x-original-uri': `/?token=${planted}&x=${planted}` },
    { authorization: `Bearer ${planted}` },
    { authorization: `Basic ${Buffer.from(`${planted}:${planted}`).toString('base64')}` },
    { cookie },
    { 'sec-websocket-protocol': `postern.token.${planted}`, 'x-original-upgrade': 'websocket' },
    { origin: `https://${planted}.example`, cookie },
    { host: `${planted}.example.com` },
    { 'x-postern-gate': planted },
    { 'x-original-method': planted.toUpperCase() },
    { 'x-forwarded-proto': planted },
    { traceparent: planted, 'user-agent': planted },
  ];
  for (const headers of credentials) await ask(postern.gate, { host: name, ...headers });
  await postern.api('GET', `/v1/tokens/${planted}`);
  await postern.api('GET', `/v1/${planted}?${planted}=${planted}`);
  await postern.api('POST', '/v1/introspect', { token: planted, gate: planted });
  await postern.api('POST', '/v1/keys', { name: planted, role: 'auditor' });
  await scrape(postern.admin, { key: planted });
  await signOn.stop();
  await ask(postern.gate, { host: name, cookie });
  for (const accept of ['text/plain', 'application/openmetrics-text']) {
    const { status, text } = await scrape(postern.admin, { accept });
    assert.equal(status, 200);
    assert.match(text, /postern_decisions_total\{gate="app"/);
    const secrets = [planted, planted.toUpperCase(), token, id, adminKey, 'alice', '203.0.113'];
    for (const secret of [...secrets, 'example.com', '127.0.0.1']) {
      assert.ok(!text.includes(secret), `${secret} is in the metrics`);
    }
  }
});

test('no label of any metric is one that a client, or a person, could fill', () => {
  const labels = new Set(Object.values(definitions).flatMap(({ labels }) => [...labels]));
  const bounded = [
    ...['gate', 'request', 'verdict', 'reason', 'source', 'operation', 'kind', 'state'],
    ...['issuer', 'service', 'route', 'method', 'status', 'version'],
  ];
  assert.deepEqual([...labels].sort(), bounded.sort());
  const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  for (const label of bounded) assert.ok(page.includes(`\`${label}\``), label);
});
