import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../../src/demo/client.ts';
import { codesOf, examineText } from '../../../../testkit/doctor/examine.ts';
import {
  type ExampleSite,
  goodCookie,
  startExample,
} from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';

async function statusOf(site: ExampleSite, path = '/ws', headers = {}): Promise<number> {
  return (await tryHandshake(`${site.socketUrl}${path}`, headers)).status;
}

proveRule('PD001', {
  wrong: async (site) => {
    const { status, headers } = await tryHandshake(`${site.socketUrl}/ws`);
    assert.deepEqual([status, headers.location], [302, 'https://login.example.com/']);
  },
  right: async (site) => {
    assert.equal(await statusOf(site), 401);
    const { status, headers } = await tryPage(`${site.url}/`);
    assert.deepEqual([status, headers.location], [302, 'https://login.example.com/']);
  },
});

test('PD001: a 403 that becomes a redirect is a warning, and real', async (t) => {
  const [text = ''] = Object.values(readExample('PD001', 'Wrong'));
  const forbidding = text.replace('error_page 401 ', 'error_page 403 ');
  const found = examineText(forbidding).findings.filter(({ code }) => code === 'PD001');
  assert.deepEqual(codesOf(found), ['PD001 warning']);
  const site = await startExample(
    t,
    { 'site.conf': forbidding },
    {
      answer: (_request, response) => response.writeHead(403).end(),
    },
  );
  assert.equal(await statusOf(site), 302);
});

proveRule('PD002', {
  wrong: async (site) => {
    assert.equal(await statusOf(site, '/'), 401);
    assert.equal(await statusOf(site, '/ws'), 101);
    assert.equal(site.questions.length, 1);
  },
  right: async (site) => assert.equal(await statusOf(site, '/ws'), 401),
});

test('PD002 also speaks of sockets to another port of the same site, and not of a login portal', () => {
  const [text = ''] = Object.values(readExample('PD002', 'Wrong'));
  const judge = (path: string) =>
    codesOf(
      examineText(
        text
          .replace('location /ws', `location ${path}`)
          .replace(
            /(location \S+ \{\s+auth_request off;\s+proxy_pass http:\/\/127.0.0.1):8080/,
            '$1:8081',
          ),
      ).findings,
    ).filter((code) => code.startsWith('PD002'));
  assert.deepEqual(judge('/ws'), ['PD002 warning']);
  assert.deepEqual(judge('/authelia'), []);
});

proveRule('PD006', {
  wrong: async (site) => {
    const spoofed = { ...goodCookie, 'remote-user': 'admin' };
    const { seen } = await tryHandshake(`${site.socketUrl}/ws`, spoofed);
    assert.equal(seen?.headers['remote-user'], 'admin');
  },
  right: async (site) => {
    const spoofed = { ...goodCookie, 'remote-user': 'admin' };
    const { seen } = await tryHandshake(`${site.socketUrl}/ws`, spoofed);
    assert.equal(seen?.headers['remote-user'], 'alice');
  },
});

proveRule('PD007', {
  wrong: async (site) => {
    assert.equal(await statusOf(site), 101);
    assert.deepEqual(site.questions, []);
  },
  right: async (site) => assert.equal(await statusOf(site), 401),
});

proveRule('PD008', {
  wrong: async (site) => assert.equal(await statusOf(site), 200),
  right: async (site) => {
    assert.equal(await statusOf(site), 401);
    assert.equal((await tryPage(`${site.url}/`)).status, 401);
  },
});

proveRule('PD009', {
  wrong: async (site) => assert.equal(await statusOf(site), 101),
  right: async (site) => assert.equal(await statusOf(site), 401),
});

proveRule('PD010', {
  letsIn: false,
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/private/report`)).status, 401);
    assert.equal((await tryPage(`${site.url}/private/report.php`)).status, 200);
  },
  right: async (site) => {
    assert.equal((await tryPage(`${site.url}/private/report.php`)).status, 401);
  },
});

proveRule('PD012', {
  files: { htpasswd: 'alice:{PLAIN}secret\n' },
  wrong: async (site) => {
    const { status, headers } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Basic realm="Restricted"']);
  },
  right: async (site) => assert.equal(await statusOf(site, '/ws', goodCookie), 101),
});
