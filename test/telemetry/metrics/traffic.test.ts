import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import {
  byUrl,
  makeJwt,
  newSigner,
  noon,
  present,
  startJwksServer,
  startWithIssuers,
} from '../../../testkit/jwt.ts';
import { ask, handshakeHeaders } from '../../../testkit/postern/ask.ts';
import { scrape } from '../../../testkit/postern/metrics.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { workersOfTests } from '../../../testkit/postern/worker-count.ts';
import { sessions } from '../../../testkit/sign-on/users.ts';
import { startAdmin, startBridged } from './fixture.ts';

const gates = `
gates:
  chat:
    hosts: [chat.example.com]
  media:
    hosts: [media.example.com]
`;

async function startWithGates(t: Parameters<typeof startTestPostern>[0], rules = gates) {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, rules);
  return { config, postern: await startTestPostern(t, { config }) };
}

test('decisions are counted by gate, request, verdict, reason and source', async (t) => {
  const { postern } = await startWithGates(t);
  const { token } = await postern.issue();
  const chat = { ...handshakeHeaders, host: 'chat.example.com' };
  const good = { ...chat, 'x-original-uri': `/?token=${token}` };
  for (let i = 0; i < 3; i++) await ask(postern.gate, good);
  await ask(postern.gate, { ...good, 'x-original-upgrade': '' });
  await ask(postern.gate, { ...chat, authorization: 'Bearer nonsense' });
  await ask(postern.gate, { host: 'media.example.com' });
  await ask(postern.gate, { host: 'elsewhere.example.com' });
  const { samples } = await scrape(postern.admin);
  const counted = samples
    .filter(({ name }) => name === 'postern_decisions_total')
    .map(({ labels: l, value }) => [l.gate, l.request, l.verdict, l.reason, l.source, value]);
  assert.deepEqual(counted.sort(), [
    ['chat', 'handshake', 'allow', 'none', 'query', 3],
    ['chat', 'handshake', 'deny', 'unknown_token', 'bearer', 1],
    ['chat', 'page', 'allow', 'none', 'query', 1],
    ['media', 'page', 'deny', 'no_credential', 'none', 1],
    ['none', 'page', 'deny', 'no_gate', 'none', 1],
  ]);
});

test('buckets of the time a decision takes grow up to the count, and the sum is that of the times', async (t) => {
  const { postern } = await startWithGates(t);
  for (let i = 0; i < 20; i++) await ask(postern.gate, { host: 'chat.example.com' });
  const before = performance.now();
  const { samples, value } = await scrape(postern.admin);
  const buckets = samples.filter(({ name }) => name === 'postern_decision_duration_seconds_bucket');
  const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')));
  assert.deepEqual(
    bounds,
    bounds.toSorted((a, b) => a - b),
  );
  assert.deepEqual(
    [bounds[0], bounds.at(-2), bounds.at(-1)],
    [0.00002, 1, Number.POSITIVE_INFINITY],
  );
  const counts = buckets.map(({ value }) => value);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  );
  assert.equal(counts.at(-1), 20);
  assert.equal(value('postern_decision_duration_seconds_count', { gate: 'chat' }), 20);
  const sum = value('postern_decision_duration_seconds_sum', { gate: 'chat' });
  // No bound on time: but it cannot have taken longer than there was, nor nothing.
  assert.ok(sum > 0 && sum < before / 1_000);
});

test('the store’s reads, writes and shared commits are measured, and what it could not do is counted', async (t) => {
  const postern = await startTestPostern(t);
  const first = await scrape(postern.admin);
  await Promise.all(Array.from({ length: 8 }, () => postern.issue()));
  const { token } = await postern.issue();
  const { value } = await scrape(postern.admin);
  const grown = (operation: string) =>
    value('postern_store_operation_duration_seconds_count', { operation }) -
    first.value('postern_store_operation_duration_seconds_count', { operation });
  assert.equal(grown('write'), 9);
  const writes =
    value('postern_store_commit_writes_sum') - first.value('postern_store_commit_writes_sum');
  const commits =
    value('postern_store_commit_writes_count') - first.value('postern_store_commit_writes_count');
  assert.equal(writes, 9);
  assert.equal(commits, grown('commit'));
  assert.equal(value('postern_store_failures_total', { operation: 'write' }), 0);
  const reads = { operation: 'read' };
  const before = value('postern_store_operation_duration_seconds_count', reads);
  await ask(postern.gate, { 'x-original-uri': `/?token=${token}` });
  const after = await scrape(postern.admin);
  assert.equal(after.value('postern_store_operation_duration_seconds_count', reads), before + 1);
});

test('tokens issued, opened, revoked and pruned are counted', async (t) => {
  let now = Date.now();
  const postern = await startTestPostern(t, { clock: () => now, singleProcess: true });
  const one = await postern.issue();
  await postern.issue({ subject: 'bob' });
  await postern.issueTicket({ subject: 'bob' });
  await postern.api('DELETE', `/v1/tokens/${one.id}`);
  await postern.api('POST', '/v1/tokens/revoke', { subject: 'bob' });
  now += 40 * 86_400_000;
  await postern.pruning.run();
  const { value } = await scrape(postern.admin);
  assert.equal(value('postern_tokens_issued_total', { kind: 'token' }), 2);
  assert.equal(value('postern_tokens_issued_total', { kind: 'ticket' }), 1);
  assert.equal(value('postern_tokens_revoked_total'), 3);
  assert.equal(value('postern_tokens_pruned_total', { kind: 'token' }), 2);
  assert.equal(value('postern_tokens_pruned_total', { kind: 'ticket' }), 1);
  assert.equal(value('postern_last_prune_timestamp_seconds'), now / 1_000);
});

test('an issuer is up while its keys can be had, and says since when not', async (t) => {
  let now = noon;
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  const postern = await startWithIssuers(t, { partner: byUrl(server) }, { clock: () => now });
  const issuer = { issuer: 'partner' };
  assert.equal((await present(postern, makeJwt(signer))).status, 200);
  const up = await scrape(postern.admin);
  assert.equal(up.value('postern_jwks_up', issuer), 1);
  assert.equal(up.value('postern_jwks_last_success_timestamp_seconds', issuer), noon / 1_000);
  server.answer = (_, response) => response.writeHead(500).end();
  now += 3_600_000;
  await present(postern, makeJwt(newSigner('ES256', 'another'), { exp: now / 1_000 + 60 }));
  const down = await scrape(postern.admin);
  assert.equal(down.value('postern_jwks_up', issuer), 0);
  assert.equal(down.value('postern_jwks_failures_total', issuer), 1);
  assert.equal(down.value('postern_jwks_last_success_timestamp_seconds', issuer), noon / 1_000);
});

test('a sign-on service is up while its answers can be used, and how long it takes is measured', async (t) => {
  const { postern, signOn, name } = await startBridged(t);
  const headers = { host: name, cookie: sessions.tinyauth.alice };
  const service = { service: 'tinyauth' };
  await ask(postern.gate, headers);
  await ask(postern.gate, { ...headers, cookie: 'tinyauth-session-1a2b3c4d=nobody' });
  const up = await scrape(postern.admin);
  assert.equal(up.value('postern_bridge_up', service), 1);
  assert.equal(up.value('postern_bridge_failures_total', service), 0);
  assert.equal(up.value('postern_bridge_request_duration_seconds_count', service), 2);
  await signOn.stop();
  assert.equal(
    (await ask(postern.gate, { ...headers, cookie: sessions.tinyauth.bob })).status,
    503,
  );
  const down = await scrape(postern.admin);
  assert.equal(down.value('postern_bridge_up', service), 0);
  assert.equal(down.value('postern_bridge_failures_total', service), 1);
  assert.equal(down.value('postern_bridge_request_duration_seconds_count', service), 3);
});

test('requests to the admin listener are counted by the template of the route, and strangers are', async (t) => {
  const { postern, stranger } = await startAdmin(t);
  const { id } = await postern.issue();
  await postern.api('GET', `/v1/tokens/${id}`);
  await postern.api('GET', '/v1/tokens/nothing-here');
  await postern.api('GET', '/v1/no/such/route');
  await postern.api('GET', '/elsewhere');
  await stranger.send('GET', `/v1/tokens/${id}`);
  await stranger.send('GET', '/v1/no/such/route');
  const { value, samples } = await scrape(postern.admin);
  const requests = (labels: Record<string, string>) =>
    value('postern_admin_requests_total', labels);
  const show = { route: '/v1/tokens/:id', method: 'GET' };
  assert.equal(requests({ ...show, status: '200' }), 1);
  assert.equal(requests({ ...show, status: '404' }), 1);
  assert.equal(requests({ ...show, status: '401' }), 1);
  assert.equal(requests({ route: 'unmatched', method: 'GET', status: '404' }), 2);
  assert.equal(value('postern_admin_authentication_failures_total'), 2);
  assert.ok(samples.every(({ labels }) => !Object.values(labels).join().includes(id)));
});

test('reloads say when the last good one was, and whether the last one was good', async (t) => {
  const { config, postern } = await startWithGates(t);
  const start = await scrape(postern.admin);
  const at = 'postern_config_last_reload_success_timestamp_seconds';
  assert.equal(start.value('postern_config_last_reload_successful'), 1);
  writeFileSync(config, 'gates: [');
  await postern.api('POST', '/v1/config/reload');
  const faulty = await scrape(postern.admin);
  assert.equal(faulty.value('postern_config_last_reload_successful'), 0);
  assert.equal(faulty.value('postern_config_reload_failures_total'), 1);
  assert.equal(faulty.value(at), start.value(at));
  writeFileSync(config, gates.replace('media:', 'radio:'));
  await postern.api('POST', '/v1/config/reload');
  await ask(postern.gate, { host: 'media.example.com' });
  const good = await scrape(postern.admin);
  assert.equal(good.value('postern_config_last_reload_successful'), 1);
  assert.ok(good.value(at) > start.value(at));
  assert.equal(good.value('postern_decisions_total', { gate: 'radio' }), 1);
});

test('process, version and workers are told', async (t) => {
  const postern = await startTestPostern(t);
  const { value, samples } = await scrape(postern.admin);
  assert.equal(value('postern_workers'), workersOfTests());
  assert.equal(value('postern_worker_restarts_total'), 0);
  assert.equal(value('postern_build_info'), 1);
  assert.ok(value('process_resident_memory_bytes') > 1e6);
  assert.ok(value('process_start_time_seconds') > 1e9);
  const names = new Set(samples.map(({ name }) => name));
  assert.ok(names.has('nodejs_eventloop_lag_p99_seconds') && names.has('process_open_fds'));
});
