import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { usualKitOptions } from '../../src/nginx/kit-options.ts';
import { startSite } from '../support/nginx.ts';
import { startTestPostern, temporaryDirectory } from '../support/postern.ts';

test('a public place vouches for nobody: no constants, no secrets, no assertion reach the backend', async (t) => {
  const directory = temporaryDirectory(t);
  const secret = 'key-of-the-backend';
  writeFileSync(join(directory, 'key'), secret);
  const config = join(directory, 'postern.yaml');
  const headers = {
    Authorization: { file: join(directory, 'key') },
    'X-Api-Key': { file: join(directory, 'key') },
    'Remote-User': { value: 'kiosk' },
    'X-Kiosk': { value: 'yes' },
  };
  const gate = {
    hosts: ['127.0.0.1'],
    public: ['/status', 'POST /hooks'],
    assertion: true,
    headers,
  };
  writeFileSync(config, JSON.stringify({ gates: { kiosk: gate } }));
  const postern = await startTestPostern(t, { config });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: { gates: ['kiosk'], headers: [...usualKitOptions.headers, 'X-Api-Key', 'X-Kiosk'] },
    locations: (backend, include) => `
      location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  const given = [...Object.keys(headers), 'Remote-Email', 'Remote-Name', 'Remote-Groups'];
  const all = [...given, 'X-Postern-Assertion', 'X-Postern-Token-Id'].map((name) =>
    name.toLowerCase(),
  );
  const spoofed = Object.fromEntries(all.map((name) => [name, 'of-the-client']));
  const { token } = await postern.issue();
  const cookie = { cookie: `postern_token=${token}`, origin: site.url };
  assert.equal((await tryPage(`${site.url}/status`, spoofed)).status, 200);
  assert.equal((await tryPage(`${site.url}/hooks`, { ...spoofed, ...cookie }, 'POST')).status, 200);
  assert.equal((await tryHandshake(`${site.socketUrl}/status`, spoofed)).status, 101);
  assert.equal(site.backend.seen.length, 3);
  for (const seen of site.backend.seen) {
    for (const name of all) assert.equal(seen.headers[name], undefined, `${seen.url} ${name}`);
  }
  // The same gate, for somebody.
  assert.equal((await tryPage(`${site.url}/x`, cookie)).status, 200);
  const known = site.backend.seen.at(-1)?.headers ?? {};
  assert.equal(known.authorization, secret);
  assert.equal(known['remote-user'], 'kiosk');
  assert.match(String(known['x-postern-assertion']), /^ey/);
});
