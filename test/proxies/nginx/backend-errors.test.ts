import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

for (const { name, program } of nginxPrograms) {
  test(`a backend that is down or hangs gives the server's own error page (nginx ${name})`, async (t) => {
    const { gate } = await startAuthService(t, () => ({ status: 200 }));
    const hanging = await startAuthService(t, () => ({}));
    const closed = await findFreePort();
    const site = await startSite(t, {
      gate,
      program,
      server: `
        error_page 502 504 /50x.html;
        location = /50x.html { internal; add_header X-Page own always; return 200 "sorry"; }`,
      locations: (_backend, include) => {
        const rules = `${include('postern-location.conf')} ${include('postern-proxy.conf')}`;
        return `
          location / { ${rules} proxy_pass http://127.0.0.1:${closed}; }
          location /open { proxy_pass http://127.0.0.1:${closed}; }
          location /hanging {
            ${rules.replace(/include \S+postern-proxy.conf;/, '')}
            proxy_read_timeout 100ms;
            proxy_pass http://127.0.0.1:${hanging.gate.port};
          }`;
      },
    });
    const pageAt = async (path: string, method = 'GET') => {
      const { status, headers } = await tryPage(site.url + path, {}, method);
      return [status, headers['x-page']];
    };
    assert.deepEqual(await pageAt('/open'), [502, 'own']);
    assert.deepEqual(await pageAt('/'), [502, 'own']);
    assert.deepEqual(await pageAt('/', 'POST'), [502, 'own']);
    assert.deepEqual(await pageAt('/hanging'), [504, 'own']);
    const handshake = await tryHandshake(`${site.socketUrl}/ws`);
    assert.deepEqual([handshake.status, handshake.headers['x-page']], [502, undefined]);
  });
}

test('without an error page of the server, the client gets the plain 502', async (t) => {
  const { gate } = await startAuthService(t, () => ({ status: 200 }));
  const closed = await findFreePort();
  const site = await startSite(t, {
    gate,
    locations: (_backend, include) => `
      location / {
        ${include('postern-location.conf')} ${include('postern-proxy.conf')}
        proxy_pass http://127.0.0.1:${closed};
      }`,
  });
  assert.equal((await tryPage(`${site.url}/`)).status, 502);
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 502);
});
