import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';

/** Another process on the same database; here it is another connection, which SQLite treats alike. */
function openOther(t: TestContext, dataDir: string): Database.Database {
  const other = new Database(join(dataDir, 'postern.db'));
  t.after(() => other.close());
  return other;
}

describe('a database that another process has locked', { concurrency: 2 }, () => {
  for (const kind of ['IMMEDIATE', 'EXCLUSIVE']) {
    test(`BEGIN ${kind}: tokens pass, whatever writes gets 503, and it goes on afterwards`, async (t) => {
      const { env, dataDir } = programEnvironment(t);
      const service = await startTestProgram(t, { env });
      const [known, fresh] = [await service.issue(), await service.issue()];
      const ticket = await service.issue('tickets');
      assert.equal(await service.knock(known), '200');
      assert.equal(await service.knock(known), '200');
      const other = openOther(t, dataDir);
      other.exec(`BEGIN ${kind}`);
      // All at once: none waits for the patience of the one before it.
      const [redeemed, revoked, ...decided] = await Promise.all([
        service.knock(ticket),
        service.send('DELETE', `/v1/tokens/${known.id}`),
        service.knock(known),
        service.knock(fresh),
      ]);
      assert.equal(redeemed, '503 store_unavailable');
      assert.equal(revoked.status, 503);
      assert.deepEqual(decided, ['200', '200']);
      other.exec('ROLLBACK');
      assert.equal(await service.knock(ticket), '200');
      await service.revoke(known);
      assert.equal(await service.knock(known), '401 revoked');
    });
  }

  test('a lock that goes away in time is waited for, and nobody is refused', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const ticket = await service.issue('tickets');
    const token = await service.issue();
    const other = openOther(t, dataDir);
    other.exec('BEGIN IMMEDIATE');
    const redeemed = service.knock(ticket);
    // While the ticket waits, decisions are made.
    assert.equal(await service.knock(token), '200');
    other.exec('ROLLBACK');
    assert.equal(await redeemed, '200');
  });
});
