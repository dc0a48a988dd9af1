import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake } from '../../src/demo/client.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

test('a token that is bound to a gate signs in, and its session opens that gate alone', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) =>
      ['chat', 'media']
        .map(
          (gate) => `
      location /${gate} {
        set $postern_gate "${gate}";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }`,
        )
        .join('\n'),
  });
  const { token } = await postern.issue({ gates: ['chat'] });
  const session = `${site.url}/.postern/session`;
  const signIn = await fetch(session, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  assert.equal(signIn.status, 204);
  const headers = { cookie: signIn.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  const who = (await (await fetch(session, { headers })).json()) as { signed_in: boolean };
  assert.equal(who.signed_in, true);
  const status = async (path: string) =>
    (await tryHandshake(site.socketUrl + path, { ...headers, origin: site.url })).status;
  assert.equal(await status('/chat'), 101);
  assert.equal(await status('/media'), 401);
  assert.equal(postern.lastDecision().reason, 'wrong_gate');
});
