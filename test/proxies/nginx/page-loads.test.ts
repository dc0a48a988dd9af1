import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { needProgram } from '../../../scripts/programs.ts';
import { tryPage } from '../../../src/demo/client.ts';
import { nginxFiles } from '../../../src/lib/resources.ts';
import { notPageLoad } from '../../../src/proxies/nginx/page-load.ts';
import { useBrowser } from '../../../testkit/browser/browser.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** Page loads, which go to the login. */
const pageLoads: readonly Record<string, string>[] = [
  { accept: html },
  { accept: 'application/xhtml+xml' },
  { accept: '*/*', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  { accept: html, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  { accept: html, 'sec-fetch-dest': 'document' },
  { accept: html, 'x-requested-with': 'com.example.browser' },
  { accept: html, authorization: 'Basic YTpi' },
];

/** What cannot follow a redirect. */
const others: readonly Record<string, string>[] = [
  { accept: '' },
  { accept: '*/*' },
  { accept: 'text/event-stream' },
  { accept: 'application/json' },
  { accept: 'application/problem+json' },
  { accept: html, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  { accept: html, 'sec-fetch-mode': 'same-origin' },
  { accept: 'image/avif,*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  { accept: html, 'sec-fetch-dest': 'empty' },
  { accept: html, 'x-requested-with': 'XMLHttpRequest' },
  { accept: html, authorization: 'Bearer wrong' },
];

/** Asks for a page with each set of headers, and expects one status. */
async function expectAll(url: string, rows: readonly Record<string, string>[], status: number) {
  for (const headers of rows) {
    const answer = await tryPage(`${url}/`, headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.equal(answer.headers.location !== undefined, status === 302);
  }
}

const login = 'set $postern_login "https://login.example.com/?rd=";';

for (const [flavour, start] of flavourSites) {
  test(`${flavour}: page loads go to the login, and everything else gets 401`, async (t) => {
    const { gate } = await startAuthService(t, () => ({ status: 401 }));
    const site = await start(t, { gate, location: login });
    await expectAll(site.url, pageLoads, 302);
    await expectAll(site.url, others, 401);
  });

  test(`${flavour}: a form without a session gets a page that links to the login`, async (t) => {
    const service = await startAuthService(t, () => ({
      status: 401,
      headers: {
        'x-postern-return': 'https%3A%2F%2Fapp.test%2Fsave',
        'www-authenticate': 'Bearer',
      },
    }));
    const site = await start(t, { gate: service.gate, location: login });
    const send = (headers: Record<string, string>, method = 'POST') =>
      new Promise<{ status: number; type: string; challenge: string; text: string }>(
        (resolve, reject) => {
          execFile(
            needProgram('curl'),
            [
              ...['-s', '-X', method, '-w', '\n%{json}', `${site.url}/save.json`],
              ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
              ...['-d', 'a=1', '-D', '-'],
            ],
            (error, stdout) => {
              if (error) return reject(error);
              resolve({
                status: Number(/^HTTP\/\S+ (\d+)/.exec(stdout)?.[1]),
                type: /^content-type: (.*?)\r/im.exec(stdout)?.[1] ?? '',
                challenge: /^www-authenticate: (.*?)\r/im.exec(stdout)?.[1] ?? '',
                text: stdout,
              });
            },
          );
        },
      );
    const form = await send({ accept: html });
    assert.deepEqual(
      [form.status, form.type, form.challenge],
      [401, 'text/html; charset=utf-8', 'Bearer'],
    );
    const link = 'href="https://login.example.com/?rd=https%3A%2F%2Fapp.test%2Fsave"';
    assert.ok(form.text.includes(link), form.text);
    for (const [headers, method] of [
      [{ accept: 'application/json' }, 'POST'],
      [{ accept: html, 'sec-fetch-mode': 'cors' }, 'POST'],
      [{ accept: html }, 'PUT'],
    ] as const) {
      const other = await send(headers, method);
      assert.equal(other.status, 401);
      assert.doesNotMatch(other.text, /href/);
    }
    // What a sign-on says may hold what a stranger wrote.
    const odd = await start(t, { gate: service.gate });
    service.answer = () => ({
      status: 401,
      headers: { 'x-postern-login': 'https://login.test/?x="><script>alert(1)</script>' },
    });
    const injected = await promisify(execFile)(needProgram('curl'), [
      ...['-s', '-d', 'a=1', '-H', `Accept: ${html}`, `${odd.url}/save`],
    ]);
    assert.doesNotMatch(injected.stdout, /script/);
  });
}

/** A site without Postern: a sign-on behind auth_request, and the fix. */
async function startFixed(t: TestContext, program: string) {
  const { gate } = await startAuthService(t, () => ({ status: 401 }));
  return startSite(t, {
    gate,
    program,
    locations: (backend) => `
      location = /sign-on { internal; proxy_pass http://127.0.0.1:${gate.port}; }
      location @login { return 302 https://login.example.com/; }
      location / {
        auth_request /sign-on;
        error_page 401 = @login;
        include ${join(nginxFiles, 'fixes/no-login-redirect.conf')};
        ${backend}
      }`,
  });
}

test('the fix without Postern has the same conditions', () => {
  const fix = readFileSync(join(nginxFiles, 'fixes/no-login-redirect.conf'), 'utf8');
  for (const { comment, before = '', condition } of notPageLoad) {
    const line = `${comment}\n${before === '' ? '' : `${before}\n`}if (${condition}) {\n`;
    assert.ok(fix.includes(line), line);
  }
});

const open = useBrowser();

for (const { name, program } of nginxPrograms) {
  test(`the fix without Postern tells page loads as Postern's files do (nginx ${name})`, async (t) => {
    const site = await startFixed(t, program);
    await expectAll(site.url, pageLoads, 302);
    await expectAll(site.url, others, 401);
  });

  test(`Chromium and curl: only a navigation ends at the login (nginx ${name})`, async (t) => {
    const postern = await startTestPostern(t);
    const site = await startSite(t, {
      gate: postern.gate,
      program,
      server: 'server_name app.test;',
      locations: (backend, include) => `
        location = /page {
          default_type text/html;
          return 200 '<!doctype html><link rel="icon" href="data:,"><form method="post" action="/save"><button>Save</button></form>';
        }
        location / {
          set $postern_login "/.postern/login?rd=";
          ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
        }`,
    });
    // Chromium sends Sec-Fetch-… to the first, and not to the second.
    for (const host of ['127.0.0.1', 'app.test']) {
      const base = `http://${host}:${site.nginx.port}`;
      const { page } = await open(t);
      await page.goto(`${base}/rooms`);
      assert.equal(new URL(page.url()).pathname, '/.postern/login');
      await page.goto(`${base}/page`);
      const fetched = await page.evaluate<[number, boolean]>(
        `fetch('/api').then(({ status, redirected }) => [status, redirected])`,
      );
      assert.deepEqual(fetched, [401, false]);
      const refused = page.waitForResponse(`${base}/events`);
      await page.evaluate(
        `new Promise((resolve) => { new EventSource('/events').onerror = resolve; })`,
      );
      assert.equal((await refused).status(), 401);
    }
    const { stdout } = await promisify(execFile)(needProgram('curl'), [
      ...['-sL', '-o', '/dev/null', '-w', '%{http_code} %{num_redirects}', `${site.url}/api`],
    ]);
    assert.equal(stdout, '401 0');
  });

  test(`Chromium: a form without a session is sent again after the login (nginx ${name})`, async (t) => {
    const postern = await startTestPostern(t, {
      env: { POSTERN_SESSIONS_COOKIE: 'session' },
    });
    const { token } = await postern.issue();
    const site = await startSite(t, {
      gate: postern.gate,
      program,
      locations: (backend, include) => `
        location = /page {
          default_type text/html;
          return 200 '<!doctype html><link rel="icon" href="data:,"><form method="post" action="/save"><input name="text"><button>Save</button></form>';
        }
        location / {
          set $postern_login "/.postern/login?rd=";
          ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
        }`,
    });
    const { page } = await open(t);
    await page.goto(`${site.url}/page`);
    await page.getByRole('textbox').fill('long');
    await page.getByRole('button').click();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Sign in' }).click();
    const loginPage = await opened;
    await loginPage.getByLabel('Token').fill(token);
    await loginPage.getByRole('button').click();
    await loginPage.waitForURL(`${site.url}/save`);
    assert.ok(site.backend.seen.every(({ method }) => method === 'GET'));
    await page.reload();
    const sent = site.backend.seen.filter(({ method }) => method === 'POST');
    assert.deepEqual(
      sent.map(({ url }) => url),
      ['/save'],
    );
  });
}
