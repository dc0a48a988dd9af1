import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { audience, iss, makeJwt, newSecret, outcome, startWithIssuers } from '../../testkit/jwt.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { runCommand as runCli } from '../../testkit/postern/command.ts';

test('`postern jwt` revokes and lists, over the API and in the store', async (t) => {
  const signer = newSecret();
  const issuers = { one: { secret: signer.material } };
  const postern = await startWithIssuers(t, issuers);
  const env = {
    POSTERN_ADMIN_KEY: adminKey,
    POSTERN_DATA_DIR: postern.dataDir,
    POSTERN_JWT_ISSUERS: JSON.stringify({ one: { ...issuers.one, issuer: iss, audience } }),
  };
  const url = `http://${renderListenAddress(postern.admin)}`;
  const run = (...args: string[]) => runCli(['jwt', ...args], env);

  const nothing = await run('revocations', '--url', url);
  assert.deepEqual([nothing.code, nothing.stdout, nothing.stderr], [0, '', 'No revocations.\n']);
  const one = await run('revoke', '--issuer', 'one', '--jti', 'id-1', '--url', url);
  assert.deepEqual([one.code, one.stdout], [0, 'jti id-1 revoked\n']);
  assert.equal(await outcome(postern, makeJwt(signer, { jti: 'id-1' })), 'revoked');
  const all = await run(
    ...['revoke', '--issuer', 'one', '--subject', 'bob', '--store', '--json'],
    ...['--issued-before', '2026-12-31T00:00:00Z', '--expires-at', '2027-12-31T00:00:00Z'],
  );
  const shown = JSON.parse(all.stdout);
  assert.deepEqual(
    [shown.subject, shown.issued_before, shown.expires_at],
    ['bob', '2026-12-31T00:00:00.000Z', '2027-12-31T00:00:00.000Z'],
  );
  assert.equal(await outcome(postern, makeJwt(signer, { sub: 'bob' })), 'revoked');

  const table = await run('revocations', '--url', url, '--limit', '1');
  assert.match(
    table.stdout,
    /^ISSUER +WHAT +REVOKED +KEPT UNTIL\none +all of bob up to 2026-12-31/,
  );
  const cursor = /--cursor (\d+)/.exec(table.stderr)?.[1] ?? '';
  const rest = await run('revocations', '--store', '--json', '--cursor', cursor);
  assert.equal(JSON.parse(rest.stdout).revocations[0].jti, 'id-1');

  const unknown = await run('revoke', '--issuer', 'two', '--jti', 'x', '--url', url);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /issuer: is not in jwt\.issuers, which has: one/);
  for (const args of [[], ['--jti', 'x', '--subject', 'y']]) {
    const unclear = await run('revoke', '--issuer', 'one', ...args);
    assert.equal(unclear.code, 2);
    assert.match(unclear.stderr, /by its --jti, or all of a --subject/);
  }
  assert.equal((await run('revoke', '--jti', 'x')).code, 2);
});
