import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryPage } from '../../../../src/demo/client.ts';
import { sendRaw } from '../../../../testkit/clients/raw-request.ts';
import { type ConfigFiles, codesOf, examineFiles } from '../../../../testkit/doctor/examine.ts';
import { type ExampleSite, startExample } from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';
import type { TestPostern } from '../../../../testkit/postern/start.ts';
import { waitFor } from '../../../../testkit/wait.ts';

const host = 'app.example.com';

function posternOf({ postern }: ExampleSite): TestPostern {
  assert.ok(postern, 'the example has gates');
  return postern;
}

/** Asks as somebody who has a token and is in these groups. Gives the status, and the gate that judged. */
async function ask(
  site: ExampleSite,
  path: string,
  { groups = [], method = 'GET' }: { groups?: string[]; method?: string } = {},
): Promise<{ status: number; gate: unknown; reason: unknown; url: string | undefined }> {
  const postern = posternOf(site);
  const { token } = await postern.issue({ claims: { groups } });
  const headers = { host, authorization: `Bearer ${token}` };
  const { status, seen } = await tryPage(`${site.url}${path}`, headers, method);
  const { gate, reason } = postern.lastDecision();
  return { status, gate, reason, url: seen?.url };
}

const admins = ['admins'];

proveRule('PD030', {
  wrong: async (site) => {
    const { status, gate } = await ask(site, '/admin/users');
    assert.deepEqual([status, gate], [200, 'site'], 'somebody in no group gets in');
  },
  right: async (site) => {
    assert.equal((await ask(site, '/admin/users')).status, 403);
    const { status, gate } = await ask(site, '/admin/users', { groups: admins });
    assert.deepEqual([status, gate], [200, 'admin']);
  },
});

proveRule('PD031', {
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/admin/export`, { host })).status, 200);
  },
  right: async (site) => {
    assert.equal((await tryPage(`${site.url}/admin/export`, { host })).status, 401);
    assert.equal((await ask(site, '/admin/export', { groups: admins })).gate, 'admin');
  },
});

proveRule('PD032', {
  wrong: async (site) => {
    const { status, reason } = await ask(site, '/administration', { groups: admins });
    assert.deepEqual([status, reason], [403, 'no_gate']);
  },
  right: async (site) => {
    const { status, gate } = await ask(site, '/admin/users', { groups: admins });
    assert.deepEqual([status, gate], [200, 'admin']);
  },
});

proveRule('PD033', {
  wrong: async (site) => {
    assert.equal((await ask(site, '/admin/users')).status, 403);
    for (const path of ['/adminusers', '/admin-old']) {
      const { status, gate } = await ask(site, path);
      assert.deepEqual([status, gate], [200, 'site'], path);
    }
  },
  right: async (site) => {
    for (const path of ['/adminusers', '/admin-old']) {
      const { status, gate } = await ask(site, path);
      assert.deepEqual([status, gate], [403, 'admin'], path);
    }
  },
});

async function askRaw(site: ExampleSite, path: string): Promise<number> {
  const text = `GET ${path} HTTP/1.1\nHost: ${host}\nConnection: close\n\n`;
  return (await sendRaw(site.nginx.port, text)).status;
}

proveRule('PD034', {
  letsIn: false,
  wrong: async (site) => {
    assert.equal(await askRaw(site, '/admin/users'), 401);
    assert.equal(await askRaw(site, '//admin/users'), 200);
    assert.equal(site.backend.seen.at(-1)?.url, '//admin/users');
  },
  right: async (site) => {
    assert.ok([401, 403].includes(await askRaw(site, '//admin/users')));
    assert.equal(site.backend.seen.length, 0);
  },
});

const pages = { 'pages/index.html': 'before <!--#include virtual="/secret" --> after' };

async function loadPage(site: ExampleSite): Promise<string> {
  assert.equal((await tryPage(`${site.url}/secret`)).status, 401);
  return (await fetch(`${site.url}/pages/index.html`)).text();
}

proveRule('PD035', {
  files: pages,
  wrong: async (site) => {
    assert.match(await loadPage(site), /^before .*"\/secret".* after$/s);
    assert.equal(site.questions.length, 1, 'nobody was asked about the include');
  },
  right: async (site) => assert.equal(await loadPage(site), pages['pages/index.html']),
});

proveRule('PD036', {
  wrong: async (site) => {
    assert.equal((await ask(site, '/admin/users')).status, 403);
    const { status, gate, url } = await ask(site, '/app/admin/users');
    assert.deepEqual([status, gate, url], [200, 'site', '/admin/users']);
    const rewritten = await ask(site, '/v1/admin/users', { groups: admins });
    assert.deepEqual([rewritten.status, rewritten.reason], [403, 'ambiguous_path']);
  },
  right: async (site) => {
    for (const path of ['/app/admin/users', '/v1/admin/users']) {
      const { status, gate } = await ask(site, path);
      assert.deepEqual([status, gate], [403, 'admin'], path);
      const admitted = await ask(site, path, { groups: admins });
      assert.deepEqual([admitted.status, admitted.url], [200, '/admin/users']);
    }
  },
});

proveRule('PD037', {
  wrong: async (site) => {
    assert.equal((await ask(site, '/admin/users', { groups: admins })).status, 200);
    const deletion = await ask(site, '/admin/users', { groups: admins, method: 'DELETE' });
    assert.deepEqual([deletion.status, deletion.reason], [401, 'malformed_request']);
  },
  right: async (site) => {
    const { status, gate } = await ask(site, '/admin/users', { groups: admins, method: 'DELETE' });
    assert.deepEqual([status, gate], [200, 'admin']);
    assert.equal((await ask(site, '/admin/users', { method: 'DELETE' })).status, 403);
  },
});

proveRule('PD038', {
  letsIn: false,
  wrong: async (site) => {
    assert.equal((await ask(site, '/')).status, 403);
    const { token } = await posternOf(site).issue();
    const headers = { host: 'kiosk.example.com', authorization: `Bearer ${token}` };
    assert.equal((await tryPage(`${site.url}/`, headers)).status, 200);
    assert.equal(posternOf(site).lastDecision().gate, 'kiosk');
    const nobody = { host: 'kiosk.example.com' };
    assert.equal((await tryPage(`${site.url}/status`, nobody)).status, 200);
  },
  right: async (site) => {
    const { status, gate } = await ask(site, '/', { groups: ['staff'] });
    assert.deepEqual([status, gate], [200, 'app']);
    await assert.rejects(tryPage(`${site.url}/status`, { host: 'kiosk.example.com' }));
  },
});

/** A text of this page with other lines in the place of some. */
function changed(code: string, heading: 'Wrong' | 'Right', from: string, to: string) {
  const files = readExample(code, heading);
  const text = files['site.conf'] ?? '';
  assert.ok(text.includes(from), `${code} has no ${from}`);
  return { ...files, 'site.conf': text.replace(from, to) };
}

function foundIn(files: ConfigFiles, code: string): string[] {
  return codesOf(examineFiles(files).findings.filter((one) => one.code === code));
}

test('PD036: a name that set gave and that goes along with rewrite … last lets nobody in', async (t) => {
  const files = changed(
    'PD036',
    'Wrong',
    'location /app/ {',
    'location /app/ {\n set $postern_gate "site"; rewrite ^/app/(.*)$ /$1 last;',
  );
  assert.ok(foundIn(files, 'PD036').includes('PD036 fault'));
  const site = await startExample(t, files);
  assert.equal((await ask(site, '/admin/users')).status, 403);
  const { status, reason } = await ask(site, '/app/admin/users');
  assert.deepEqual([status, reason], [403, 'ambiguous_path']);
});

test('PD036: a path in proxy_pass hides the path that the backend gets', async (t) => {
  const files = changed(
    'PD036',
    'Wrong',
    'location /app/ {\n        include postern/postern-location.conf;\n        include postern/postern-proxy.conf;\n        proxy_pass http://127.0.0.1:8080;\n        rewrite ^/app/(.*)$ /$1 break;',
    'location /app/ {\n        include postern/postern-location.conf;\n        include postern/postern-proxy.conf;\n        proxy_pass http://127.0.0.1:8080/;',
  );
  assert.ok(foundIn(files, 'PD036').includes('PD036 fault'));
  const { status, gate, url } = await ask(await startExample(t, files), '/app/admin/users');
  assert.deepEqual([status, gate, url], [200, 'site', '/admin/users']);
});

test('PD037: a nested location that inherits the question is denied to everybody', async (t) => {
  const inner = 'location /admin/x { proxy_pass http://127.0.0.1:8080; }';
  const wrong = changed(
    'PD037',
    'Wrong',
    'limit_except GET {\n            allow all;\n        }',
    inner,
  );
  assert.deepEqual(foundIn(wrong, 'PD037'), ['PD037 fault']);
  const denied = await ask(await startExample(t, wrong), '/admin/x', { groups: admins });
  assert.deepEqual([denied.status, denied.reason], [401, 'malformed_request']);
  const right = changed(
    'PD037',
    'Right',
    'limit_except GET {\n            allow all;\n        }',
    inner,
  );
  assert.deepEqual(foundIn(right, 'PD037'), []);
  const site = await startExample(t, right);
  assert.equal((await ask(site, '/admin/x')).status, 403);
  assert.equal((await ask(site, '/admin/x', { groups: admins })).status, 200);
});

test('PD037: nothing of the file runs behind a break', async (t) => {
  const head = 'location /admin {\n';
  const files = changed(
    'PD033',
    'Wrong',
    head,
    `${head} rewrite ^/admin/v1/(.*)$ /admin/$1 break;`,
  );
  assert.deepEqual(foundIn(files, 'PD037'), ['PD037 fault']);
  const site = await startExample(t, files);
  assert.equal((await ask(site, '/admin/x', { groups: admins })).status, 200);
  const { status, reason } = await ask(site, '/admin/v1/x', { groups: admins });
  assert.deepEqual([status, reason], [401, 'malformed_request']);
});

test('PD030: a gate that is not there denies every request', async (t) => {
  const files = changed('PD030', 'Wrong', '"site"', '"sites"');
  assert.ok(foundIn(files, 'PD030').includes('PD030 fault'));
  const { status, reason } = await ask(await startExample(t, files), '/admin/x');
  assert.deepEqual([status, reason], [403, 'no_gate']);
});

test('PD035: add_before_body and mirror reach a protected location, too', async (t) => {
  const before = changed('PD035', 'Wrong', 'ssi on;', 'add_before_body /secret;');
  assert.deepEqual(foundIn(before, 'PD035'), ['PD035 fault']);
  const page = await fetch(
    `${(await startExample(t, { ...before, ...pages })).url}/pages/index.html`,
  );
  assert.match(await page.text(), /"\/secret"/);

  const mirrored = changed('PD035', 'Wrong', 'ssi on;', 'mirror /delete;');
  assert.deepEqual(foundIn(mirrored, 'PD035'), ['PD035 fault']);
  const site = await startExample(t, { ...mirrored, ...pages });
  assert.equal((await fetch(`${site.url}/pages/index.html`)).status, 200);
  await waitFor('the copy', () => site.backend.seen.some(({ url }) => url === '/delete'));
  assert.equal(site.questions.length, 0, 'nobody was asked');
});

/** What the application is told of a request with a token in its query. */
async function toldTo(site: ExampleSite) {
  const { token } = await posternOf(site).issue();
  const headers = { host: 'app.example.com' };
  assert.equal((await tryPage(`${site.url}/x?a=1&token=${token}`, headers)).status, 200);
  return { told: JSON.stringify(site.backend.seen), token };
}

proveRule('PD039', {
  wrong: async (site) => {
    const { told, token } = await toldTo(site);
    assert.ok(told.includes(token));
  },
  right: async (site) => {
    const { told, token } = await toldTo(site);
    assert.ok(!told.includes(token));
    assert.match(told, /"x-forwarded-uri":"\/x\?a=1"/);
  },
});
