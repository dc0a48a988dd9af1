import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJwt, newSecret, startWithIssuers } from '../../testkit/jwt.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';

const signer = newSecret();

for (const [what, claims, revocation] of [
  ['its jti', { jti: 'id-1' }, { jti: 'id-1' }],
  ['its subject', { jti: 'id-1' }, { subject: 'alice' }],
  ['its subject, without a jti or an iat', { iat: undefined }, { subject: 'alice' }],
] as const) {
  test(`a session that was opened with a JWT ends when that is revoked by ${what}`, async (t) => {
    const now = Date.now();
    const issuers = { one: { secret: signer.material } };
    const postern = await startWithIssuers(t, issuers, { clock: () => now });
    const site = await startSite(t, postern);
    const second = Math.floor(now / 1_000);
    const sessionFor = async (more: object) => {
      const token = makeJwt(signer, { iat: second - 9, exp: second + 600, ...claims, ...more });
      const answer = await fetch(`${site.url}/.postern/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      });
      assert.equal(answer.status, 204);
      return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    };
    const use = async (cookie: string) => {
      const { status, reason } = await ask(postern.gate, { ...handshakeHeaders, cookie });
      return reason ?? status;
    };
    const [hers, his] = [await sessionFor({}), await sessionFor({ sub: 'bob', jti: 'id-2' })];
    assert.deepEqual([await use(hers), await use(his)], [200, 200]);
    await postern.api('POST', '/v1/jwt/revoke', { issuer: 'one', ...revocation });
    assert.deepEqual([await use(hers), await use(his)], ['revoked', 200]);
  });
}
