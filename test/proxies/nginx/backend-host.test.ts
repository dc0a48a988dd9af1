import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeenRequest } from '../../../src/demo/backend.ts';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

/** The values of all lines for a header. */
function linesOf(seen: SeenRequest | undefined, name: string): string[] {
  const lines = seen?.rawHeaders ?? [];
  return lines.filter((_, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === name);
}

const admitAll = () => ({ status: 200 });

/** What each flavour sends without being told: SWAG's own proxy.conf sends no port. */
const usual = { plain: 'app.test:8443', 'nginx-proxy-manager': 'app.test:8443' } as const;

for (const [flavour, start] of flavourSites) {
  // The Ingress controller sends the Host, with an annotation of its own for another one.
  if (flavour === 'ingress-nginx') continue;
  test(`${flavour}: the backend gets one Host, the client's or the one that the location says`, async (t) => {
    const { gate } = await startAuthService(t, admitAll);
    const headers = { host: 'app.test:8443' };
    const usualHost = usual[flavour as keyof typeof usual] ?? 'app.test';
    for (const [location, host] of [
      ['', usualHost],
      ['set $postern_host "localhost";', 'localhost'],
      ['set $postern_host "127.0.0.1:8384";', '127.0.0.1:8384'],
    ] as const) {
      const site = await start(t, { gate, location });
      await tryPage(`${site.url}/`, headers);
      await tryHandshake(`${site.socketUrl}/ws`, headers);
      assert.equal(site.backend.seen.length, 2);
      for (const seen of site.backend.seen) {
        assert.deepEqual(linesOf(seen, 'host'), [host]);
        assert.deepEqual(linesOf(seen, 'x-forwarded-host'), [usualHost]);
      }
    }
  });
}

for (const { name, program } of nginxPrograms) {
  test(`the Host of one location is not that of another, and no client's (nginx ${name})`, async (t) => {
    const { gate } = await startAuthService(t, admitAll);
    const site = await startSite(t, {
      gate,
      program,
      locations: (backend, include) => {
        const rules = `${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}`;
        return `
          location / { ${rules} }
          location /after { ${rules} set $postern_host "after.test"; }
          location /before { set $postern_host "before.test"; ${rules} }`;
      },
    });
    for (const path of ['/after', '/before', '/']) {
      await tryPage(site.url + path, { host: 'app.test', 'x-forwarded-host': 'evil.test' });
    }
    assert.deepEqual(
      site.backend.seen.map((seen) => linesOf(seen, 'host')),
      [['after.test'], ['before.test'], ['app.test']],
    );
  });
}
