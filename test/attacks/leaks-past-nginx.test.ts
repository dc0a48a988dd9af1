import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { bundleOptionsOf } from '../../src/proxies/nginx/bundle-options.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { flavourSites } from '../../testkit/nginx/flavours.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startSwag } from '../../testkit/nginx/swag.ts';
import { startTestPostern, type TestPostern } from '../../testkit/postern/start.ts';

function portOf({ gate }: TestPostern): number {
  return gate.kind === 'tcp' ? gate.port : 0;
}

/** Postern with these gates, and nginx with the files for them. */
async function startGates(
  t: TestContext,
  gates: object,
  locations: NonNullable<Parameters<typeof startSite>[1]['locations']>,
) {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(config, JSON.stringify({ gates }));
  const postern = await startTestPostern(t, { config });
  const kit = bundleOptionsOf(loadConfig({ file: config, env: {} }).config);
  const site = await startSite(t, { gate: postern.gate, kit, locations });
  return { postern, site };
}

test('where a break, limit_except or a nested location keeps nginx from taking a token out of the query, it reaches no backend', async (t) => {
  const { postern, site } = await startGates(
    t,
    { app: { query: ['token', 'key'] }, other: { query: ['secret'] } },
    (backend, include) => `
      location /app/ {
        rewrite ^/app/(.*)$ /$1 break;
        ${include('gates/app.conf')} ${include('postern-proxy.conf')} ${backend}
      }
      location /named/ {
        set $postern_gate app;
        break;
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }
      location /outer/ {
        limit_except GET { allow all; }
        ${include('gates/app.conf')} ${include('postern-proxy.conf')} ${backend}
        location /outer/inner/ { ${backend} }
      }`,
  );
  const { token } = await postern.issue();
  const referer = `https://app.example.com/from?token=${token}`;
  const places = [
    ['GET', '/app/x'],
    ['GET', '/named/x'],
    ['POST', '/outer/x'],
    ['GET', '/outer/inner/x'],
  ] as const;
  const bearer = { authorization: `Bearer ${token}` };
  const cookie = { cookie: `postern_token=${token}` };
  for (const [method, path] of places) {
    for (const query of [
      ...[`token=${token}`, `a=1&token=${token}`, `a=1&%74oken=${token}&b=2`, `key=${token}`],
      // The name of another gate's parameter, and two at once.
      ...[`secret=${token}`, `token=${token}&token=${token}`, `TOKEN=${token}`, `token%3D${token}`],
    ]) {
      for (const headers of [{}, bearer, cookie]) {
        const outcome = await tryPage(`${site.url}${path}?${query}`, headers, method);
        assert.equal(outcome.status, 401, `${method} ${path}?${query}`);
        assert.equal(postern.lastDecision().reason, 'malformed_request');
        assert.match(String(postern.lastDecision().detail), /include the file of the gate before/);
      }
    }
    assert.equal(site.backend.seen.length, 0);
    for (const headers of [bearer, cookie]) {
      const outcome = await tryPage(
        `${site.url}${path}?a=1&b=token`,
        { ...headers, referer },
        method,
      );
      assert.equal(outcome.status, 200, `${method} ${path}`);
    }
    assert.ok(
      !JSON.stringify(site.backend.seen.map(({ url, headers }) => [url, headers.referer])).includes(
        token,
      ),
    );
    site.backend.seen.length = 0;
  }
  const carrier = await tryHandshake(`${site.socketUrl}/app/x`, {}, [
    `postern.bearer.${token}`,
    'chat',
  ]);
  assert.equal(carrier.status, 101);
  assert.equal(carrier.seen?.headers['sec-websocket-protocol'], 'chat');
});

test('with the include above the rewrite an application in a folder gets URI and Referer without a token, and its subprotocol', async (t) => {
  const { postern, site } = await startGates(t, { app: {} }, (backend, include) => {
    return `
      location /app/ {
        ${include('gates/app.conf')} ${include('postern-proxy.conf')}
        rewrite ^/app/(.*)$ /$1 break;
        ${backend}
      }`;
  });
  const { token } = await postern.issue();
  const outcome = await tryHandshake(
    `${site.socketUrl}/app/x?a=1&token=${token}`,
    { referer: `https://app.example.com/?token=${token}` },
    ['postern'],
  );
  assert.equal(outcome.status, 101);
  assert.equal(outcome.seen?.url, '/x?a=1');
  assert.equal(outcome.headers['sec-websocket-protocol'], 'postern');
  assert.ok(!JSON.stringify(site.backend.seen).includes(token));
});

test('the recipe for SWAG, as the README has it, tells a token neither to the application nor to SWAG’s log', async (t) => {
  const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
  const [, recipe = ''] =
    /^## SWAG$[\s\S]*?^```nginx\nserver \{\n([\s\S]*?)^\}\n```$/m.exec(readme) ?? [];
  assert.match(recipe, /proxy_pass/);
  const postern = await startTestPostern(t);
  const site = await startSwag(t, {
    posternPort: portOf(postern),
    server: recipe,
    locations: '',
  });
  const { token } = await postern.issue();
  const wrong = `${token.slice(0, -1)}x`;
  const page = await tryPage(`${site.url}/page?a=1&token=${token}`, {
    'x-forwarded-uri': `/?token=${token}`,
    'x-original-url': `https://app.example.com/?token=${token}`,
  });
  assert.equal(page.status, 200);
  assert.equal(page.seen?.headers['x-forwarded-uri'], '/page?a=1');
  assert.equal(page.seen?.headers['x-original-url'], `${site.url}/page?a=1`);
  const socket = await tryHandshake(`${site.socketUrl}/ws?a=1&token=${token}&b=2`);
  assert.equal(socket.status, 101);
  assert.equal(socket.seen?.headers['x-forwarded-uri'], '/ws?a=1&b=2');
  assert.equal((await tryPage(`${site.url}/denied?token=${wrong}`)).status, 401);
  assert.ok(!JSON.stringify(site.backend.seen).includes(token));
  assert.match(site.accessLog(), /"GET \/ws\?a=1&token=\*\*\*&b=2 HTTP\/1\.1" 101/);
  assert.match(site.accessLog(), /"GET \/denied\?token=\*\*\* HTTP\/1\.1" 401/);
  for (const secret of [token, wrong]) assert.ok(!site.accessLog().includes(secret));
});

/** Where a token may stand in a request line with a name before it, and without one. */
function spellings(token: string): { readonly named: string[]; readonly bare: string[] } {
  const encoded = [...token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
  return {
    named: [
      ...[`/?token=${token}`, `/?TOKEN=${token}`, `/?Token=${token}&a=1`, `/?a=1;token=${token}`],
      ...[`/?token%3D${token}`, `/?token%3d${token}&b=2`, `/?token[]=${token}`],
      ...[`/?token%5B%5D=${token}`, `/?token[a]=${token}`, `/?a=1%26token=${token}`],
      ...[`/?%54oken=${token}`, `/?%2574oken=${token}`, `/?token=${encoded}`],
      ...[`/x%3Ftoken=${token}`, `/x%253Ftoken%253D${token}`, `/x;token=${token}`],
      ...[`/x;token=${token}/y?b=2`, `/?token=${token}&TOKEN=${token}&c=3`],
    ],
    bare: [
      ...[`/${token}`, `/${token}/ws`, `/${token}?token=${token}`, `/?x=${token}`, `/?${token}`],
      ...[`/a/${encoded}/b`, `/${token}/${token}/z`],
    ],
  };
}

for (const [flavour, start] of flavourSites.filter(([name]) => name !== 'ingress-nginx')) {
  test(`${flavour}: a token is in no log, wherever it stands in a request and however it is written`, async (t) => {
    const postern = await startTestPostern(t);
    const site = await start(t, { gate: postern.gate });
    const { token } = await postern.issue();
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWl0';
    // No token of ours, but one by its name: only nginx's log can know that.
    const imported = 'imported-secret-0123456789';
    for (const secret of [token, jwt, imported]) {
      const { named, bare } = spellings(secret);
      const forms = secret === imported ? named : [...named, ...bare];
      for (const form of forms) {
        await sendRaw(
          site.nginx.port,
          `GET ${form} HTTP/1.1\nHost: app.example.com\nReferer: https://app.example.com${form}\nOrigin: https://${secret === imported ? 'x' : secret}.example\nConnection: close\n\n`,
        );
      }
    }
    const basic = Buffer.from(`${token}:`).toString('base64');
    await tryPage(`${site.url}/`, { authorization: `Basic ${basic}` });
    const logs = { masked: site.accessLog(), postern: postern.rawLog() };
    assert.match(logs.masked, /"GET \/\?token=\*\*\* HTTP\/1\.1"/);
    assert.match(logs.masked, /"GET \/\*\*\*\/ws HTTP\/1\.1"/);
    for (const [name, text] of Object.entries(logs)) {
      for (const secret of [
        token.slice(4),
        jwt.slice(4),
        ...(name === 'masked' ? [imported] : []),
      ]) {
        const at = text.split('\n').find((line) => line.includes(secret.slice(0, 20)));
        assert.equal(at, undefined, `${name} holds a secret`);
      }
      const encoded = [...token.slice(4, 14)]
        .map((c) => `%${c.charCodeAt(0).toString(16)}`)
        .join('');
      assert.ok(!text.includes(encoded), `${name} holds an encoded secret`);
    }
  });
}
