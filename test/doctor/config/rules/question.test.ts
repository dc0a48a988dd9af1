import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../../src/demo/client.ts';
import { findFreePort } from '../../../../src/proxies/nginx/process.ts';
import { type ConfigFiles, codesOf, examineFiles } from '../../../../testkit/doctor/examine.ts';
import {
  type ExampleSite,
  goodCookie,
  startExample,
} from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';

/** What a stranger's handshake gets. */
async function stranger({ socketUrl }: ExampleSite): Promise<number | undefined> {
  return (await tryHandshake(`${socketUrl}/ws`)).status;
}

const spa = { 'app/index.html': '<h1>An application</h1>\n' };

proveRule('PD027', {
  files: spa,
  wrong: async (site) => {
    assert.equal(await stranger(site), 101);
    assert.equal(site.backend.seen.length, 1);
    assert.deepEqual(site.questions, []);
  },
  right: async (site) => {
    assert.equal(await stranger(site), 401);
    assert.equal((await tryPage(`${site.url}/`)).status, 401);
    assert.deepEqual(
      site.questions.map(({ url }) => url),
      ['/auth', '/auth'],
    );
    // The fallback itself still works.
    const page = await fetch(`${site.url}/somewhere`, { headers: goodCookie });
    assert.equal(await page.text(), spa['app/index.html']);
  },
});

/** Other directives in place of the fallback; all of them answer the question. */
const diversions: readonly string[] = [
  'rewrite ^/(?!ws) /index.html last;',
  'rewrite ^/(?!ws) /index.html;',
  'rewrite ^/(?!ws) /index.html break;',
  'if ($uri = /auth) { return 200; }',
  'if ($uri ~ ^/a) { return 204; }',
  'if ($http_x_probe) { rewrite ^/auth /index.html last; }',
  'if ($request_uri ~ ^/ws) { rewrite ^(/auth)$ /index.html last; }',
  'set $target /index.html; rewrite ^/auth $target last;',
  'error_page 418 =200 /index.html; if ($uri = /auth) { return 418; }',
  'rewrite ^/auth$ /app/x last; location /app/ { auth_request /auth; proxy_pass http://127.0.0.1:8080/; }',
];

const fallback = /if \(!-e \$request_filename\) \{[^}]*\}/;

for (const diversion of diversions) {
  test(`PD027: a stranger gets in, and a guard before it ends that: ${diversion}`, async (t) => {
    const files = (code: 'Wrong' | 'Right'): ConfigFiles => {
      const text = readExample('PD027', code)['site.conf'] ?? '';
      return { 'site.conf': text.replace(fallback, () => diversion) };
    };
    const probe = { 'x-probe': '1' };
    const wrong = await startExample(t, files('Wrong'), { files: spa });
    assert.equal((await tryHandshake(`${wrong.socketUrl}/ws`, probe)).status, 101);
    assert.ok(codesOf(examineFiles(files('Wrong')).findings).includes('PD027 fault'));
    const right = await startExample(t, files('Right'), { files: spa });
    assert.equal((await tryHandshake(`${right.socketUrl}/ws`, probe)).status, 401);
    assert.equal((await tryHandshake(`${right.socketUrl}/ws`, goodCookie)).status, 101);
    assert.doesNotMatch(codesOf(examineFiles(files('Right')).findings).join(' '), /PD027/);
  });
}

test('PD027: a question mark in auth_request is a part of the path', async (t) => {
  const text = readExample('PD027', 'Right')['site.conf'] ?? '';
  const files = { 'site.conf': text.replaceAll('auth_request /auth;', 'auth_request /auth?a=1;') };
  const found = examineFiles(files).findings.filter(({ code }) => code === 'PD027');
  assert.ok(found.some(({ meaning }) => meaning.includes('takes no arguments')));
  const site = await startExample(t, files, { files: spa });
  assert.equal(await stranger(site), 101);
  assert.deepEqual(site.questions, []);
});

proveRule('PD028', {
  letsIn: false,
  // As good as down: no answer comes.
  answer: (request) => void request.socket.destroy(),
  wrong: async (site) => assert.equal(await stranger(site), 101),
  right: async (site, t) => {
    assert.notEqual(await stranger(site), 101);
    assert.deepEqual(site.backend.seen, []);
    const up = await startExample(t, readExample('PD028', 'Right'));
    assert.equal(await stranger(up), 401);
    assert.equal((await tryHandshake(`${up.socketUrl}/ws`, goodCookie)).status, 101);
  },
});

const pages = ['= @sorry', '= /x', '=200 /x', '=204 /x'];
const places = ['server', 'http'] as const;
const page = 'location = /x { default_type text/html; return 200 "<h1>Back in a minute</h1>"; }';

for (const form of pages) {
  for (const place of places) {
    test(`PD028: with the auth service down a stranger gets in by error_page … ${form} of the ${place}`, async (t) => {
      const line = `error_page 500 502 503 504 ${form};`;
      const port = await findFreePort();
      const files = (heading: 'Wrong' | 'Right'): ConfigFiles => {
        const bare = (readExample('PD028', heading)['site.conf'] ?? '').replace(
          /error_page 500 .*;\n/,
          () => (place === 'server' ? `${line}\n` : ''),
        );
        const text = bare
          .replace('location @sorry', `${page}\nlocation @sorry`)
          .replace('127.0.0.1:9000', `127.0.0.1:${port}`);
        return { 'site.conf': place === 'http' ? `${line}\n${text}` : text };
      };
      assert.ok(codesOf(examineFiles(files('Wrong')).findings).includes('PD028 fault'));
      assert.doesNotMatch(codesOf(examineFiles(files('Right')).findings).join(' '), /PD028/);
      const wrong = await startExample(t, files('Wrong'));
      assert.equal(await stranger(wrong), 101);
      const right = await startExample(t, files('Right'));
      assert.notEqual(await stranger(right), 101);
      assert.deepEqual(right.backend.seen, []);
    });
  }
}

/** Other circumstances in which a page answers; the auth service is up and denies. */
const otherPages: readonly [what: string, http: string, location: string, body: number][] = [
  ['a denial, intercepted', 'proxy_intercept_errors on; error_page 401 =200 /x;', '', 0],
  [
    'a body that only the auth location refuses',
    'error_page 413 = @sorry;',
    'client_max_body_size 0;',
    2_000_000,
  ],
];

for (const [what, http, location, size] of otherPages) {
  test(`PD028: a stranger gets in by ${what}`, async (t) => {
    const text = (readExample('PD028', 'Wrong')['site.conf'] ?? '')
      .replace(/error_page 500 .*;/, http)
      .replace('location @sorry', `${page}\nlocation @sorry`)
      .replace('location / {', `location / {\n${location}`);
    const files = { 'site.conf': text };
    const faults = examineFiles(files).findings.filter(({ code }) => code === 'PD028');
    assert.deepEqual(codesOf(faults), ['PD028 fault']);
    // An ordinary server, which reads what it gets.
    const application = createServer((request, response) => {
      request.resume().on('end', () => response.end('the application'));
    });
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
    t.after(() => application.close());
    const site = await startExample(t, files, {
      application: async () => (application.address() as AddressInfo).port,
    });
    const options = size === 0 ? {} : { method: 'POST', body: 'x'.repeat(size) };
    const answer = await fetch(`${site.url}/`, options);
    assert.equal(await answer.text(), 'the application');
    const patched = text.replace('internal;', 'internal; error_page 599 /;');
    assert.doesNotMatch(
      codesOf(examineFiles({ 'site.conf': patched }).findings).join(' '),
      /PD028/,
    );
    const right = await startExample(
      t,
      { 'site.conf': patched },
      {
        application: async () => (application.address() as AddressInfo).port,
      },
    );
    assert.notEqual(await (await fetch(`${right.url}/`, options)).text(), 'the application');
  });
}

/** A second request in the path of the first, with somebody's session in it. */
const smuggled = encodeURIComponent(
  'GET /second HTTP/1.1\r\nHost: auth\r\nCookie: session=good\r\n\r\n',
);

proveRule('PD029', {
  // Every answer takes a moment, so that the next question is there before the second one comes.
  answer: ({ url, headers }, response) => {
    const isGood = headers.cookie?.includes(goodCookie.cookie) === true;
    const end = () => void response.writeHead(isGood ? 200 : 401, { 'Content-Length': 0 }).end();
    if (url === '/second') setTimeout(end, 300);
    else end();
  },
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/hooks/${smuggled}`)).status, 401);
    // The next one has no session, and is taken for whoever the second question was about.
    assert.equal(await stranger(site), 101);
    const [first, second] = site.questions;
    assert.deepEqual([first?.url, second?.url], ['/auth', '/second']);
    assert.equal(second?.headers.cookie, goodCookie.cookie);
    assert.equal(first?.port, second?.port);
  },
  right: async (site) => {
    assert.equal((await tryPage(`${site.url}/hooks/${smuggled}`)).status, 401);
    assert.equal(await stranger(site), 401);
    assert.deepEqual(
      site.questions.map(({ url }) => url),
      ['/auth', '/auth'],
    );
  },
});
