import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startAuthService } from '../../testkit/servers/auth-service.ts';

test('a denied request is not handed to an error page on another server, nor is anything secret in it', async (t) => {
  const postern = await startTestPostern(t);
  const elsewhere = await startAuthService(t, () => ({ status: 200 }));
  const site = await startSite(t, {
    gate: postern.gate,
    server: `
      error_page 401 403 500 503 = @elsewhere;
      location @elsewhere { proxy_pass http://127.0.0.1:${elsewhere.gate.port}; }
      location = /missing { error_page 404 = @elsewhere; return 404; }`,
  });
  const { token } = await postern.issue({ gates: ['media'] });
  const headers = { cookie: `postern_token=${token}`, authorization: `Bearer ${token}` };
  const deny = async () => [
    await tryHandshake(`${site.socketUrl}/ws?token=${token}`, headers),
    await tryPage(`${site.url}/?token=${token}`, headers),
    await tryPage(`${site.url}/`, { accept: 'text/html' }),
    await tryPage(`${site.url}/`, headers, 'POST'),
  ];
  const statuses = (await deny()).map(({ status }) => status);
  assert.deepEqual(statuses, [401, 403, 302, 403]);
  await postern.close();
  assert.deepEqual(
    (await deny()).map(({ status }) => status),
    [503, 503, 503, 503],
  );
  assert.deepEqual(site.backend.seen, []);
  assert.deepEqual(elsewhere.asked, []);
  // It would have been reached: what is not protected goes there.
  assert.equal((await tryPage(`${site.url}/missing`)).status, 200);
  assert.equal(elsewhere.asked.length, 1);
});
