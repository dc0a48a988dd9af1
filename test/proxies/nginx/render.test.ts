import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renderGoldenFiles } from '../../../scripts/golden-files.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { nginxFiles } from '../../../src/lib/resources.ts';
import {
  bundleOptionsOf,
  defaultBundleOptions,
} from '../../../src/proxies/nginx/bundle-options.ts';
import { flavours, renderBundle } from '../../../src/proxies/nginx/render.ts';
import { renderShippedFiles } from '../../../src/proxies/nginx/shipped.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

const secret = 'key-of-the-backend';

/** Gates that need more of nginx than the usual files have. */
function writeConfig(t: TestContext): string {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'postern.yaml');
  writeFileSync(join(directory, 'key'), `${secret}\n`);
  writeFileSync(
    file,
    `
gates:
  chat:
    paths: [/chat]
    query: [token, access_token]
    headers:
      X-Api-Key: { file: ${directory}/key }
      Authorization: { value: Bearer of-the-backend }
      remote-user: { claim: nick }
  media:
    paths: [/media]
    query: [T.o-k~e_n]
    headers:
      x-api-key: { claim: api_key }
      X-Team: { claim: team }
`,
  );
  return file;
}

/** Postern with these gates, and nginx with the files for them. */
async function startRenderedSite(t: TestContext) {
  const config = writeConfig(t);
  const postern = await startTestPostern(t, { config });
  const kit = bundleOptionsOf(loadConfig({ file: config, env: {} }).config);
  const site = await startSite(t, {
    gate: postern.gate,
    kit,
    locations: (backend, include) => `
      location / { ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend} }`,
  });
  return { postern, site };
}

test('the files of the repository are those for a configuration that says nothing', () => {
  const { config } = loadConfig({ env: {} });
  assert.deepEqual(bundleOptionsOf(config), defaultBundleOptions);
  for (const [path, text] of renderShippedFiles(defaultBundleOptions)) {
    assert.equal(text, readFileSync(join(nginxFiles, path), 'utf8'), `${path}: npm run generate`);
  }
  for (const [path, text] of renderGoldenFiles(defaultBundleOptions)) {
    const golden = join(import.meta.dirname, 'golden', path);
    assert.equal(text, readFileSync(golden, 'utf8'), `${path}: npm run generate`);
  }
});

test('what any gate needs is in the files, once', (t) => {
  const { config } = loadConfig({ file: writeConfig(t), env: {} });
  const { queryNames, headers } = bundleOptionsOf(config);
  assert.deepEqual(queryNames, ['token', 'access_token', 'T.o-k~e_n']);
  assert.deepEqual(headers, [
    ...['Remote-Email', 'Remote-Name', 'Remote-Groups', 'X-Postern-Token-Id'],
    ...['X-Api-Key', 'remote-user', 'X-Team'],
  ]);
});

test('a header that a gate adds reaches the backend, and the client cannot set it at any gate', async (t) => {
  const { postern, site } = await startRenderedSite(t);
  const { token } = await postern.issue({ claims: { nick: 'al', team: 'red' } });
  const spoofed = { 'x-api-key': 'of-the-client', 'x-team': 'blue', authorization: 'Digest x' };
  const chat = await tryHandshake(`${site.socketUrl}/chat?token=${token}`, spoofed);
  assert.equal(chat.status, 101);
  assert.equal(chat.seen?.headers['x-api-key'], secret);
  assert.equal(chat.seen?.headers['x-team'], undefined);
  assert.equal(chat.seen?.headers['remote-user'], 'al');
  assert.equal(chat.seen?.headers.authorization, 'Bearer of-the-backend');
  const media = await tryHandshake(`${site.socketUrl}/media?T.o-k~e_n=${token}`, spoofed);
  assert.equal(media.status, 101);
  assert.equal(media.seen?.headers['x-api-key'], undefined);
  assert.equal(media.seen?.headers['x-team'], 'red');
  assert.equal(media.seen?.headers['remote-user'], 'alice');
  assert.equal(media.seen?.headers.authorization, undefined);
});

/** A name with every character percent-encoded, with capital or small digits. */
function encode(name: string, upper: boolean): string {
  return [...name]
    .map((character) => character.charCodeAt(0).toString(16))
    .map((hex) => `%${upper ? hex.toUpperCase() : hex}`)
    .join('');
}

test('a token under any name, however it is encoded, reaches neither the backend nor the log', async (t) => {
  const { postern, site } = await startRenderedSite(t);
  const { token } = await postern.issue();
  const places = [
    ['/chat', 'token'],
    ['/chat', 'access_token'],
    ['/media', 'T.o-k~e_n'],
  ] as const;
  for (const [path, name] of places) {
    for (const spelled of [name, encode(name, true), encode(name, false)]) {
      for (const [query, rest] of [
        [`${spelled}=${token}`, ''],
        [`${spelled}=${token}&a=1`, '?a=1'],
        [`a=1&${spelled}=${token}`, '?a=1'],
        [`a=1&${spelled}=${token}&b=2`, '?a=1&b=2'],
        [`x${spelled}=1&${spelled}=${token}&${spelled}x=2`, `?x${spelled}=1&${spelled}x=2`],
      ]) {
        const referer = `${site.url}/from?${query}`;
        const outcome = await tryPage(`${site.url}${path}?${query}`, { referer });
        assert.equal(outcome.seen?.url, `${path}${rest}`, query);
        assert.equal(outcome.seen?.headers.referer, undefined);
      }
    }
  }
  // Two names at once are no credential, but they may be tokens.
  const both = `access_token=${token}&token=${token}`;
  assert.equal((await tryPage(`${site.url}/chat?${both}`, {}, 'POST')).status, 401);
  const media = await tryPage(`${site.url}/media?${both}&T.o-k~e_n=${token}&c=3`);
  assert.equal(media.seen?.url, '/media?c=3');
  assert.ok(!site.accessLog().includes(token.slice(4, 24)));
  assert.match(site.accessLog(), /GET \/chat\?a=1&access_token=\*\*\*&b=2 HTTP/);
  assert.match(site.accessLog(), /GET \/media\?T\.o-k~e_n=\*\*\*&a=1 HTTP/);
  assert.match(site.accessLog(), /"http:[^"]*\/from\?a=1&T\.o-k~e_n=\*\*\*"/);
});

test('a name that only looks alike to a pattern is left alone', async (t) => {
  const { postern, site } = await startRenderedSite(t);
  const { token } = await postern.issue();
  for (const other of ['Tzo-k~e_n=1', 't.o-k~e_n=2', 'TOKEN=3', 'token[]=4', 'token']) {
    const outcome = await tryPage(`${site.url}/media?${other}`, {
      authorization: `Bearer ${token}`,
    });
    assert.equal(outcome.seen?.url, `/media?${other}`);
  }
});

test('a login leads back to the page that was asked for, without a token of any name', async (t) => {
  const config = writeConfig(t);
  const postern = await startTestPostern(t, { config });
  const site = await startSite(t, {
    gate: postern.gate,
    kit: bundleOptionsOf(loadConfig({ file: config, env: {} }).config),
    locations: (backend, include) => `
      location / {
        set $postern_login "https://login.example.com/?rd=";
        ${include('postern-location.conf')} ${backend}
      }`,
  });
  const page = await tryPage(`${site.url}/chat?access_token=x&a=1&token=y&b=2`);
  assert.equal(page.status, 302);
  const back = encodeURIComponent(`${site.url}/chat?a=1&b=2`);
  assert.equal(page.headers.location, `https://login.example.com/?rd=${back}`);
});

test('names of any length that a configuration can have are ones for nginx', async (t) => {
  const headers = [30, 31, 32, 46, 47, 64].flatMap((length) => {
    return ['A', 'B'].map((end) => `X-${'Long-'.repeat(20).slice(0, length - 3)}${end}`);
  });
  const standIn = await startAuthService(t, () => ({
    status: 200,
    headers: Object.fromEntries(headers.map((name) => [name, `value of ${name}`])),
  }));
  const queryNames = [...'klmnopqrs'].map((letter) => letter.repeat(119).concat('.'));
  for (const [flavour, start] of flavourSites) {
    const site = await start(t, {
      gate: standIn.gate,
      kit: { headers: [...defaultBundleOptions.headers, ...headers], queryNames },
    });
    const outcome = await tryPage(`${site.url}/?a=1&${queryNames[1]}=x&${queryNames[8]}=y&b=2`);
    assert.equal(outcome.seen?.url, '/?a=1&b=2', flavour);
    for (const name of headers) {
      assert.equal(outcome.seen?.headers[name.toLowerCase()], `value of ${name}`, flavour);
    }
  }
});

test('formats of one’s own, and SWAG’s log, are without tokens by the variables', async (t) => {
  const { gate } = await startAuthService(t, () => ({ status: 200 }));
  const log = join(temporaryDirectory(t), 'own.log');
  const format = `log_format mine '$remote_addr "$postern_request" "$postern_referer"';`;
  for (const [flavour, http, name] of [
    ['plain', format, 'mine'],
    ['swag', '', 'postern_masked'],
    ['nginx-proxy-manager', '', 'postern_masked'],
  ] as const) {
    const start = flavourSites.find(([other]) => other === flavour)?.[1];
    const site = await start?.(t, { gate, http, location: `access_log ${log} ${name};` });
    await tryPage(`${site?.url}/?a=1&token=secret-value&b=2`, {
      referer: 'https://app.example.com/?%74oken=secret-value',
    });
    await tryPage(`${site?.url}/`, { referer: 'https://a.example/?x#y&token=secret-value#z' });
    await tryPage(`${site?.url}/?token=secret-value&token=secret-value`, {
      referer: 'https://a.example/?token=secret-value&a=1#&token=secret-value',
    });
    const text = readFileSync(log, 'utf8');
    assert.match(
      text,
      /"GET \/\?a=1&token=\*\*\*&b=2 HTTP\/1.1" .*"https:\/\/app.example.com\/\?%74oken=\*\*\*"/,
    );
    assert.doesNotMatch(text, /secret-value/, flavour);
    writeFileSync(log, '');
  }
});

test('every flavour is the same for the same options, and shows a change', () => {
  const flavourNames = Object.keys(flavours) as (keyof typeof flavours)[];
  for (const flavour of flavourNames) {
    const kit = renderBundle(flavour, defaultBundleOptions);
    assert.deepEqual(renderBundle(flavour, { ...defaultBundleOptions }), kit);
    assert.ok(kit.size > 0, flavour);
    for (const [path, text] of kit) {
      assert.match(text, /\n# As rendered: [0-9a-f]{16}\n$/, path);
      assert.doesNotMatch(text, /undefined|\[object|\$\{[^p]|\t| \n|\n\n\n/, path);
    }
  }
});

test('a parameter that is too long for nginx is refused', () => {
  const queryNames = ['token', 'a'.repeat(121)];
  assert.throws(
    () => renderBundle('plain', { ...defaultBundleOptions, queryNames }),
    /more than 120/,
  );
});

test('a path that nginx would read as something else is refused', () => {
  for (const path of ['/run/a b', '/run/a;b', '/run/$host', '/run/"', '/run/a\nb', '/run/{']) {
    const gate = { kind: 'unix', path } as const;
    assert.throws(
      () => renderBundle('plain', { ...defaultBundleOptions, gate }),
      /cannot stand/,
      path,
    );
    const cache = { path, ttl: 1_000 };
    assert.throws(
      () => renderBundle('swag', { ...defaultBundleOptions, cache }),
      /cannot stand/,
      path,
    );
  }
});
