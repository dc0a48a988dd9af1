import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts';
import { createScrape } from '../../../src/telemetry/metrics/scrape.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { runCommand } from '../../../testkit/postern/command.ts';
import { scrape } from '../../../testkit/postern/metrics.ts';
import { startAdmin } from './fixture.ts';

test('/metrics takes a key of an admin or auditor, and no other', async (t) => {
  const { postern } = await startAdmin(t);
  const statuses: Record<string, number> = {};
  for (const role of ['admin', 'auditor', 'issuer', 'introspector']) {
    const { body } = await postern.api('POST', '/v1/keys', { name: role, role });
    const { status, samples } = await scrape(postern.admin, { key: (body as { key: string }).key });
    statuses[role] = status;
    assert.equal(samples.length > 0, status === 200);
  }
  assert.deepEqual(statuses, { admin: 200, auditor: 200, issuer: 403, introspector: 403 });
  for (const key of [null, '', 'psa_not-a-key-that-anybody-made-here']) {
    const { status, text } = await scrape(postern.admin, { key });
    assert.equal(status, 401);
    assert.ok(!text.includes('postern_decisions'));
  }
  const { value } = await scrape(postern.admin);
  assert.equal(value('postern_admin_authentication_failures_total'), 3);
});

test('with metrics.public nobody needs a key for /metrics, and everybody does for the rest', async (t) => {
  const { postern, stranger } = await startAdmin(t, { POSTERN_METRICS_PUBLIC: 'true' });
  assert.equal((await scrape(postern.admin, { key: null })).status, 200);
  assert.equal((await scrape(postern.admin, { key: 'wrong' })).status, 200);
  assert.equal((await stranger.send('GET', '/v1/tokens')).status, 401);
  const { value } = await scrape(postern.admin, { key: null });
  assert.equal(value('postern_admin_authentication_failures_total'), 1);
});

test('/metrics is on the admin listener alone', async (t) => {
  const { postern } = await startAdmin(t, { POSTERN_METRICS_PUBLIC: 'true' });
  const { status } = await scrape(postern.gate, { key: null });
  assert.equal(status, 404);
});

test('no other spelling of /metrics answers without a key', async (t) => {
  const { postern } = await startAdmin(t);
  const port = postern.admin.kind === 'tcp' ? postern.admin.port : 0;
  for (const path of ['//metrics', '/metrics/', '/metrics;x', '/%6detrics', '/v1/../metrics']) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const { status, text } = await sendRaw(port, `${method} ${path} HTTP/1.1\nHost: x\n\n`);
      assert.ok([401, 404].includes(status), `${method} ${path}: ${status}`);
      assert.ok(!text.includes('postern_'));
    }
  }
});

test('a scraper that asks for OpenMetrics gets it, and whoever does not gets the text format', async (t) => {
  const { postern } = await startAdmin(t);
  const prometheus =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const open = await scrape(postern.admin, { accept: prometheus });
  assert.equal(open.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.ok(open.text.endsWith('\n# EOF\n'));
  assert.match(open.text, /^# TYPE postern_admin_authentication_failures counter$/m);
  assert.match(open.text, /^postern_admin_authentication_failures_total 0$/m);
  assert.doesNotMatch(open.text, /_total_total|le="\d+"/);
  for (const accept of [undefined, '*/*', 'text/plain', 'application/openmetrics-text;q=0, */*']) {
    const plain = await scrape(postern.admin, accept === undefined ? {} : { accept });
    assert.equal(plain.contentType, 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(plain.text, /^# TYPE postern_admin_authentication_failures_total counter$/m);
  }
});

test('the command that docs/metrics.md names makes a key that reads the metrics', async (t) => {
  const { postern } = await startAdmin(t);
  const url = postern.admin.kind === 'tcp' ? `http://127.0.0.1:${postern.admin.port}` : '';
  const { stdout } = await runCommand(
    ['key', 'create', 'prometheus', '--role', 'auditor', '--url', url],
    {
      POSTERN_ADMIN_KEY: 'psa_test-0123456789-abcdefghijklmnop',
    },
  );
  assert.equal((await scrape(postern.admin, { key: stdout.trim() })).status, 200);
});

test('when the other workers’ numbers cannot be had, there is no part of the sum', async () => {
  const metrics = createMetrics(Date.now);
  const alone = createScrape({ metrics, collectFromWorkers: async () => [] });
  await assert.rejects(alone(undefined), { name: 'MetricsUnavailable' });
  const both = createScrape({
    metrics,
    collectFromWorkers: async (own) => [own, { ...own, process: 1 }],
  });
  assert.match((await both(undefined)).text, /^postern_workers 2$/m);
});
