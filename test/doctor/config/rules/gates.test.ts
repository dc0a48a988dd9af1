import assert from 'node:assert/strict';
import { tryPage } from '../../../../src/demo/client.ts';
import { type ExampleSite, proveRule } from '../../../support/doctor.ts';
import type { TestPostern } from '../../../support/postern.ts';
import { sendRaw } from '../../../support/raw.ts';

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
    for (const path of ['/adminusers', '/admin-old', '/admin./users']) {
      const { status, gate } = await ask(site, path);
      assert.deepEqual([status, gate], [403, 'admin'], path);
    }
  },
});

async function askRaw(site: ExampleSite, path: string) {
  const postern = posternOf(site);
  const { token } = await postern.issue();
  const { status } = await sendRaw(
    site.nginx.port,
    `GET ${path} HTTP/1.1\nHost: ${host}\nAuthorization: Bearer ${token}\nConnection: close\n\n`,
  );
  return { status, gate: postern.lastDecision().gate };
}

proveRule('PD034', {
  wrong: async (site) => {
    assert.equal((await ask(site, '/admin/users')).status, 403);
    assert.deepEqual(await askRaw(site, '//admin/users'), { status: 200, gate: 'site' });
  },
  right: async (site) => {
    assert.deepEqual(await askRaw(site, '//admin/users'), { status: 403, gate: 'admin' });
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
