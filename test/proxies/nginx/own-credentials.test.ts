import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { tryHandshake } from '../../../src/demo/client.ts';
import { bundleOptionsOf } from '../../../src/proxies/nginx/bundle-options.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

test('an application keeps its token= and Authorization at a gate that reads other places', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    config,
    `
gates:
  plain: { paths: [/plain] }
  jupyter:
    paths: [/jupyter]
    sources: [query, subprotocol, cookie]
    query: [postern]
    forward_authorization: true
`,
  );
  const postern = await startTestPostern(t, { config });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: bundleOptionsOf(loadConfig({ file: config, env: {} }).config),
    locations: (backend, include) => `
      location /plain { ${include('gates/plain.conf')} ${include('postern-proxy.conf')} ${backend} }
      location /jupyter { ${include('gates/jupyter.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  const { token } = await postern.issue();
  const signedIn = { cookie: `postern_token=${token}`, origin: site.url };
  const own = '?token=of-jupyter';

  const denied = await tryHandshake(`${site.socketUrl}/plain${own}`, signedIn);
  assert.equal(denied.status, 401);
  const decision = postern.lastDecision();
  assert.equal(decision.reason, 'unknown_token');
  assert.match(String(decision.detail), /query: \[postern\]|query, such as \[postern\]/);
  assert.ok(!JSON.stringify(denied.headers).includes('such as'), 'only the log says so');

  const authorization = 'token of-jupyter';
  const url = `${site.socketUrl}/jupyter${own}`;
  const page = await tryHandshake(url, { ...signedIn, authorization });
  assert.equal(page.status, 101);
  assert.equal(page.seen?.url, '/jupyter?token=of-jupyter');
  assert.equal(page.seen?.headers.authorization, authorization);
  const program = await tryHandshake(`${url}&postern=${token}`, { authorization });
  assert.equal(program.status, 101);
  assert.equal(program.seen?.url, '/jupyter?token=of-jupyter');

  for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
    assert.equal((await tryHandshake(url, headers)).status, 401);
  }
  assert.equal((await tryHandshake(`${site.socketUrl}/jupyter?token=${token}`)).status, 401);
});
