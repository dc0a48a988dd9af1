import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShownAuditPage } from '../../src/audit/schemas.ts';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import { listAudit } from '../../testkit/postern/audit.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test('the audit log is listed page by page, newest first or oldest, each entry once', async (t) => {
  const postern = await startTestPostern(t);
  for (let i = 0; i < 7; i++) await postern.issue({ subject: `user-${i}` });
  const walk = async (order: string) => {
    const seqs: number[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await postern.api('GET', `/v1/audit?limit=3&order=${order}${cursor}`);
      const { entries, next_cursor } = body as ShownAuditPage;
      seqs.push(...entries.map(({ seq }) => seq));
      if (next_cursor === null) return seqs;
      cursor = `&cursor=${next_cursor}`;
    }
  };
  assert.deepEqual(await walk('desc'), [7, 6, 5, 4, 3, 2, 1]);
  assert.deepEqual(await walk('asc'), [1, 2, 3, 4, 5, 6, 7]);
});

test('event, actor, token, subject, gate and time narrow the list down', async (t) => {
  let now = Date.parse('2027-01-01T12:00:00Z');
  const postern = await startTestPostern(t, { clock: () => now });
  const { body } = await postern.api('POST', '/v1/keys', { name: 'web', role: 'issuer' });
  const { id } = await postern.issue({ subject: 'alice', gates: ['chat'] });
  now += 60_000;
  const web = connectAdmin(
    { listen: postern.admin, key: (body as { key: string }).key },
    undefined,
  );
  await web.send('POST', '/v1/tokens', { subject: 'bob', gates: ['chat', 'grist'] });
  await postern.api('DELETE', `/v1/tokens/${id}`);
  const seqs = async (query: string) =>
    (await listAudit(postern, query)).map(({ seq }) => seq).toReversed();
  assert.deepEqual(await seqs(''), [1, 2, 3, 4]);
  assert.deepEqual(await seqs('event=issue'), [2, 3]);
  assert.deepEqual(await seqs('actor=web'), [3]);
  assert.deepEqual(await seqs(`token_id=${id}`), [2, 4]);
  assert.deepEqual(await seqs('subject=bob'), [3]);
  assert.deepEqual(await seqs('gate=chat'), [2, 3, 4]);
  assert.deepEqual(await seqs('gate=grist'), [3]);
  assert.deepEqual(await seqs('since=2027-01-01T12:01:00Z'), [3, 4]);
  assert.deepEqual(await seqs('until=2027-01-01T12:01:00Z'), [1, 2]);
  assert.deepEqual(await seqs('event=issue&gate=chat&until=2027-01-01T12:01:00Z'), [2]);
  assert.deepEqual(await seqs('subject=nobody'), []);
});

test('a query that cannot be meant is refused', async (t) => {
  const postern = await startTestPostern(t);
  for (const query of [
    'event=nothing',
    'order=up',
    'limit=0',
    'limit=501',
    'cursor=x',
    'cursor=-1',
    'since=yesterday',
    'since=2027-02-30T25:00:00Z',
    'subject=',
    'unknown=1',
  ]) {
    const { status, body } = await postern.api('GET', `/v1/audit?${query}`);
    assert.deepEqual([status, (body as { code: string }).code], [400, 'validation_failed'], query);
  }
});

test('admins and auditors may read the audit log, and nobody else', async (t) => {
  const postern = await startTestPostern(t);
  for (const [role, allowed] of [
    ['admin', true],
    ['auditor', true],
    ['issuer', false],
    ['introspector', false],
  ] as const) {
    const made = await postern.api('POST', '/v1/keys', { name: `a-${role}`, role });
    const { key } = made.body as { key: string };
    const client = connectAdmin({ listen: postern.admin, key }, undefined);
    assert.equal((await client.send('GET', '/v1/audit')).status, allowed ? 200 : 403, role);
    const stream = await client.open('/v1/events', {});
    assert.equal(stream.status, allowed ? 200 : 403, role);
    await stream.body[Symbol.asyncIterator]().return?.();
  }
  const nobody = connectAdmin({ listen: postern.admin, key: 'psa_nobody' }, undefined);
  assert.equal((await nobody.send('GET', '/v1/audit')).status, 401);
  assert.equal((await nobody.open('/v1/events', {})).status, 401);
});

test('there is no way to write to the audit log but by what happens', async (t) => {
  const postern = await startTestPostern(t);
  await postern.issue();
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const path of ['/v1/audit', '/v1/audit/1', '/v1/events']) {
      const { status } = await postern.api(method, path, {});
      assert.equal(status, path === '/v1/audit/1' ? 404 : 405, `${method} ${path}`);
    }
  }
  assert.equal((await listAudit(postern)).length, 1);
});
