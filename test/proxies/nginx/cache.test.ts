import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { sourceNames } from '../../../src/core/model/source-name.ts';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { purgeCache } from '../../../src/proxies/nginx/purge-cache.ts';
import { renderCacheKey } from '../../../src/proxies/nginx/subrequest-headers.ts';
import { renderedHeaders } from '../../../src/proxies/subrequest-headers.ts';
import { connectEarly } from '../../../testkit/clients/early-data.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { type SiteOptions, startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { type AuthService, startAuthService } from '../../../testkit/servers/auth-service.ts';
import { createCertificate } from '../../../testkit/tls/certificate.ts';
import { waitFor } from '../../../testkit/wait.ts';

/** What Postern answers where a gate has a cache. */
const kept = { status: 200, headers: { 'cache-control': 'max-age=60' } };

/** A site whose nginx keeps answers, and where it does. */
async function startKeeping(t: TestContext, options: SiteOptions) {
  const path = join(temporaryDirectory(t), 'answers');
  const site = await startSite(t, {
    ...options,
    kit: { cache: { path, ttl: 60_000 }, sources: sourceNames },
  });
  return { ...site, path };
}

/** Two gates, a client whose address is what it says, and the same over TLS. */
function everyInput(tlsPort: number, certificate: { certFile: string; keyFile: string }) {
  const locations: SiteOptions['locations'] = (backend, include) => `
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Client;
    location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }
    location /other/ {
      set $postern_gate "other";
      rewrite ^/other(/.*)$ $1 break;
      ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
    }
    if ($http_x_rewritten) { rewrite ^/named/page$ /named/rewritten; }
    location @named {
      ${include('gates/default.conf')} ${include('postern-proxy.conf')} ${backend}
    }
    location /named/ {
      error_page 418 = @named;
      if ($http_x_named) { return 418; }
      set $postern_gate $http_x_gate;
      ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
    }
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_early_data on;
    ssl_certificate ${certificate.certFile};
    ssl_certificate_key ${certificate.keyFile};`;
  return { locations };
}

const base = {
  host: 'app.example.com',
  cookie: 'a=1',
  authorization: 'Bearer x',
  origin: 'https://app.example.com',
  'sec-websocket-protocol': 'chat',
  'x-client': '203.0.113.1',
};

/** Sends a request in which some headers differ from the usual ones. */
async function send(
  port: number,
  changes: Readonly<Record<string, string>> = {},
  { line = 'GET /named/page?x=1', tls = false } = {},
) {
  const headers = Object.entries({ ...base, connection: 'close', ...changes });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return sendRaw(port, `${line} HTTP/1.1\n${lines.join('\n')}\n\n`, { tls });
}

test('every input of a decision is in the key: one that differs is asked about', async (t) => {
  const standIn = await startAuthService(t, () => kept);
  const tlsPort = await findFreePort();
  const certificate = createCertificate(t, ['app.example.com']);
  const site = await startKeeping(t, {
    gate: standIn.gate,
    ...everyInput(tlsPort, certificate),
  });
  const { port } = site.nginx;
  const early = await connectEarly(t, tlsPort);
  const changes: Record<(typeof renderedHeaders)[number]['name'], () => Promise<unknown>> = {
    Host: () => send(port, { host: 'other.example.com' }),
    Cookie: () => send(port, { cookie: 'a=2' }),
    Authorization: () => send(port, { authorization: 'Bearer X' }),
    'X-Api-Key': () => send(port, { 'x-api-key': 'k' }),
    Origin: () => send(port, { origin: 'https://evil.example' }),
    'Sec-WebSocket-Protocol': () => send(port, { 'sec-websocket-protocol': 'chat, chat2' }),
    'X-Original-URI': () => send(port, {}, { line: 'GET /named/page?x=2' }),
    'X-Original-Method': () => send(port, {}, { line: 'POST /named/page?x=1' }),
    'X-Original-Upgrade': () => send(port, { upgrade: 'websocket', connection: 'upgrade' }),
    'X-Forwarded-Proto': () => send(tlsPort, {}, { tls: true }),
    'X-Forwarded-Host': () => send(port, { host: 'app.example.com:8443' }),
    'X-Real-IP': () => send(port, { 'x-client': '203.0.113.2' }),
    'Early-Data': () => early.send('GET /named/page?x=1 HTTP/1.0\nHost: app.example.com\n\n'),
    'X-Postern-Auth-URI': () => send(port, { 'x-named': '1' }),
    'X-Postern-Location-URI': () => send(port, { 'x-rewritten': '1' }),
    'X-Postern-Gate': () => send(port, { 'x-gate': 'chat' }),
  };
  const count = async (what: () => Promise<unknown>) => {
    const before = standIn.asked.length;
    await what();
    return standIn.asked.length - before;
  };
  assert.equal(await count(() => send(port)), 1);
  assert.equal(await count(() => send(port)), 0);
  for (const [name, change] of Object.entries(changes)) {
    assert.equal(await count(change), 1, `${name} differs`);
    assert.equal(await count(change), 0, `${name} differs, a second time`);
  }
  assert.equal(await count(() => send(port, {}, { line: 'GET /named/PAGE?x=1' })), 1);
  assert.equal(await count(() => send(port)), 0);
});

test('the key is made of all that nginx tells Postern', () => {
  assert.deepEqual(
    renderCacheKey(sourceNames).split('\\n'),
    renderedHeaders.map(({ variable }) => variable),
  );
});

/** What the answer to a question is, where every question has one of its own. */
function answerOf(inputs: readonly (string | undefined)[]): string {
  const text = JSON.stringify(inputs.map((input) => input ?? ''));
  return createHash('sha256').update(text, 'latin1').digest('hex');
}

test('a kept answer is never given to another question, however its parts are cut', async (t) => {
  const names = ['cookie', 'authorization', 'origin', 'sec-websocket-protocol'] as const;
  const standIn = await startAuthService(t, ({ headers }: IncomingMessage) => ({
    status: 200,
    headers: {
      'cache-control': 'max-age=60',
      'remote-user': answerOf([
        headers['x-original-uri'] as string,
        ...names.map((n) => headers[n]),
      ] as string[]),
    },
  }));
  const site = await startKeeping(t, { gate: standIn.gate });
  // Few characters, so that the same ones come in other places; what some software takes for an end
  // of line, or writes for one, is among them.
  const part = fc.string({
    unit: fc.constantFrom('a', 'n', '\\', '\u0085', '\u00a0', '|'),
    minLength: 0,
    maxLength: 3,
  });
  const uri = fc.constantFrom('/', '/a', '/a?a', '/?a', '/%0a', '/a%0Aa');
  let last: readonly [string, readonly string[]] = ['/', ['', '', '', '']];
  const ask = async (target: string, parts: readonly string[]) => {
    const lines = names.map((name, index) => `${name}: ${parts[index]}`);
    const answer = await sendRaw(
      site.nginx.port,
      `GET ${target} HTTP/1.1\nHost: a.example\nConnection: close\n${lines.join('\n')}\n\n`,
    );
    assert.equal(answer.status, 200);
    const seen = site.backend.seen.at(-1)?.headers['remote-user'];
    assert.equal(seen, answerOf([target, ...parts]));
    last = [target, parts];
  };
  await fc.assert(fc.asyncProperty(uri, fc.tuple(part, part, part, part), ask), { numRuns: 1_000 });
  const asked = standIn.asked.length;
  await ask(...last);
  assert.equal(standIn.asked.length, asked, 'answers are kept');
});

test('only what lets through is kept, and only where Postern says for how long', async (t) => {
  const standIn = await startAuthService(t, () => ({}));
  const site = await startKeeping(t, {
    gate: standIn.gate,
    // What others set for caches of their own.
    http: `
      proxy_cache_valid any 1h;
      proxy_cache_use_stale error timeout updating http_500 http_503;
      proxy_cache_background_update on;
      proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
      proxy_cache_methods GET HEAD POST;
      proxy_buffering off;
      open_file_cache max=1000 inactive=1h;
      open_file_cache_valid 1h;`,
  });
  const asked = async () => {
    const before = standIn.asked.length;
    await tryPage(`${site.url}/`, {}, 'POST');
    await tryPage(`${site.url}/`, {}, 'POST');
    return standIn.asked.length - before;
  };
  for (const status of [401, 403, 404, 302, 500, 503]) {
    for (const headers of [{}, kept.headers, { 'x-accel-expires': '60' }]) {
      standIn.answer = () => ({ status, headers });
      assert.equal(await asked(), 2, `${status} ${JSON.stringify(headers)}`);
    }
  }
  for (const headers of [
    {},
    { 'cache-control': 'no-store' },
    { 'x-accel-expires': '60' },
    { expires: 'Fri, 01 Jan 2100 00:00:00 GMT' },
  ]) {
    standIn.answer = () => ({ status: 200, headers: headers as Record<string, string> });
    assert.equal(await asked(), 2, JSON.stringify(headers));
  }
  standIn.answer = () => kept;
  assert.equal(await asked(), 1);
});

test('an answer that is over is not given again, even when Postern is away', async (t) => {
  const standIn: AuthService = await startAuthService(t, () => ({
    status: 200,
    headers: { 'cache-control': 'max-age=1' },
  }));
  const site = await startKeeping(t, {
    gate: standIn.gate,
    http: 'proxy_cache_use_stale error timeout http_500;',
  });
  assert.equal((await tryPage(`${site.url}/`)).status, 200);
  standIn.answer = () => ({ status: 500 });
  await waitFor('nginx to ask again', async () => (await tryPage(`${site.url}/`)).status === 503);
  assert.equal((await tryPage(`${site.url}/`)).status, 503);
});

test('the same question from many at once is answered to all at once, whatever other caches lock', async (t) => {
  const { gate } = await startAuthService(t, () => ({ status: 401 }));
  const site = await startKeeping(t, { gate, http: 'proxy_cache_lock on;' });
  const startedAt = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, () => tryHandshake(`${site.socketUrl}/ws`)),
  );
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set([401]));
  // Without proxy_cache_lock off each waits for the one before.
  assert.ok(performance.now() - startedAt < 2_500);
});

test('where answers are kept, only nginx may look', async (t) => {
  const { gate } = await startAuthService(t, () => kept);
  const site = await startKeeping(t, { gate });
  await tryPage(`${site.url}/`);
  assert.equal(statSync(site.path).mode & 0o777, 0o700);
  const files = globSync('*/*/*', { cwd: site.path });
  assert.equal(files.length, 1);
  assert.equal(statSync(join(site.path, files[0] ?? '')).mode & 0o777, 0o600);
});

test('long headers and long answers find room beside each other', async (t) => {
  const identity = { 'remote-name': 'n'.repeat(4_000), 'remote-groups': 'g'.repeat(4_000) };
  const { gate } = await startAuthService(t, () => ({
    status: 200,
    headers: { ...kept.headers, ...identity },
  }));
  const site = await startKeeping(t, { gate });
  const headers = {
    cookie: `a=${'c'.repeat(8_000)}`,
    authorization: `Bearer ${'b'.repeat(8_000)}`,
  };
  for (const [path, sent] of [
    ['p'.repeat(8_000), headers],
    ['p'.repeat(8_000), headers],
    ['p'.repeat(8_000), {}],
    ['p'.repeat(7_000), {}],
  ] as const) {
    const outcome = await tryPage(`${site.url}/${path}`, sent);
    assert.equal(outcome.status, 200);
    assert.equal(outcome.seen?.headers['remote-name'], identity['remote-name']);
  }
});

// No annotation of ingress-nginx can have lines of http context.
for (const [flavour, start] of flavourSites.filter(([name]) => name !== 'ingress-nginx')) {
  test(`${flavour}: a kept answer outlives a revocation until it is purged, and has the same headers`, async (t) => {
    const postern = await startTestPostern(t, { env: { POSTERN_DEFAULT_GATE_CACHE: '60s' } });
    const path = join(temporaryDirectory(t), 'answers');
    const site = await start(t, {
      gate: postern.gate,
      kit: { cache: { path, ttl: 60_000 } },
      // Without another word, nginx would go on reading files that it has open.
      server: 'open_file_cache max=1000; open_file_cache_valid 1h; open_file_cache_min_uses 1;',
    });
    const { token, id } = await postern.issue({ claims: { email: 'alice@example.com' } });
    const decisions = () => postern.log.filter(({ event }) => event === 'decision').length;
    const handshake = () => tryHandshake(`${site.socketUrl}/ws?token=${token}`, {}, ['postern']);
    for (let i = 0; i < 2; i++) {
      const outcome = await handshake();
      assert.equal(outcome.status, 101);
      assert.equal(outcome.seen?.url, '/ws');
      assert.equal(outcome.seen?.headers['remote-user'], 'alice');
      assert.equal(outcome.seen?.headers['remote-email'], 'alice@example.com');
      assert.equal(outcome.headers['sec-websocket-protocol'], 'postern');
    }
    assert.equal(decisions(), 1);
    await postern.api('DELETE', `/v1/tokens/${id}`);
    assert.equal((await handshake()).status, 101);
    assert.equal(purgeCache(path), 1);
    assert.equal((await handshake()).status, 401);
    assert.equal((await tryPage(`${site.url}/?token=${token}`, {}, 'POST')).status, 401);
  });

  test(`${flavour}: tickets and counted tokens are asked about each time`, async (t) => {
    const postern = await startTestPostern(t, { env: { POSTERN_DEFAULT_GATE_CACHE: '60s' } });
    const path = join(temporaryDirectory(t), 'answers');
    const site = await start(t, { gate: postern.gate, kit: { cache: { path, ttl: 60_000 } } });
    const ticket = await postern.issueTicket();
    const counted = await postern.issue({ max_uses: 2 });
    const statuses: number[] = [];
    for (const { token } of [ticket, ticket, counted, counted, counted]) {
      statuses.push((await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status);
    }
    assert.deepEqual(statuses, [101, 401, 101, 101, 401]);
    assert.equal(purgeCache(path), 0);
  });
}

test('a revocation is felt when the time of the gate is over', async (t) => {
  const postern = await startTestPostern(t, { env: { POSTERN_DEFAULT_GATE_CACHE: '1s' } });
  const site = await startKeeping(t, { gate: postern.gate });
  const { token, id } = await postern.issue();
  const status = async () => (await tryHandshake(`${site.socketUrl}/ws?token=${token}`)).status;
  assert.equal(await status(), 101);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  await waitFor('the revocation to be felt', async () => (await status()) === 401);
  assert.equal(await status(), 401);
});
