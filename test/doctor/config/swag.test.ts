import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBackend } from '../../../src/demo/backend.ts';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { renderPatch } from '../../../src/doctor/config/report/patch.ts';
import { nginxFiles } from '../../../src/lib/resources.ts';
import { startNginx } from '../../../src/proxies/nginx/process.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { applyPatch } from '../../../testkit/doctor/apply-patch.ts';
import { type ConfigFiles, codesOf, examineFiles } from '../../../testkit/doctor/examine.ts';
import { proxyConf, swagBase, swagGenerations } from '../../../testkit/nginx/swag-set.ts';

const application = '/config/nginx/proxy-confs/grist.subdomain.conf';
const login = 'https://login.example.com/';

/** Runs the application of a SWAG: its base files, those of an auth service, and the proxy-conf. */
async function startGrist(t: TestContext, files: ConfigFiles) {
  const directory = temporaryDirectory(t);
  const backend = await startBackend();
  t.after(() => backend.close());
  const auth = createServer(({ headers }, response) => {
    const isGood = headers.cookie === 'session=good';
    response.setHeader('X-Tinyauth-Location', login).setHeader('Location', login);
    response.writeHead(isGood ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    auth.close();
    auth.closeAllConnections();
  });
  const { port: authPort } = auth.address() as AddressInfo;
  const place = (text: string, port = 0) =>
    text
      .replaceAll('/config/nginx', directory)
      .replaceAll('listen 443 ssl', `listen 127.0.0.1:${port}`)
      .replaceAll('set $upstream_auth auth', 'set $upstream_auth 127.0.0.1')
      .replaceAll(/\$upstream_auth:\d+/g, `$upstream_auth:${authPort}`)
      .replaceAll('set $upstream_app grist', 'set $upstream_app 127.0.0.1')
      .replaceAll('set $upstream_port 8080', `set $upstream_port ${backend.port}`);
  for (const [name, text] of Object.entries(files)) {
    const path = name.replace('/config/nginx', directory);
    if (path === name || name === application) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, place(text));
  }
  const nginx = await startNginx({
    directory,
    http: (port) =>
      `access_log off;\nmap $http_upgrade $connection_upgrade { default upgrade; '' close; }\n${place(files[application] ?? '', port)}`,
  });
  t.after(() => nginx.close());
  const url = `127.0.0.1:${nginx.port}`;
  return {
    handshake: (headers = {}) => tryHandshake(`ws://${url}/ws`, headers),
    page: (headers = {}) => tryPage(`http://${url}/`, headers),
  };
}

/** A line of one's own before the include, and a login location: SWAG's file stays as it is. */
function mendBeside(server: string, location: string): string {
  return proxyConf('grist', {
    server: `${server}
    location @sign_in {
        internal;
        if ($http_upgrade ~* ^websocket$) {
            return 401;
        }
        return 302 ${login};
    }`,
    location: `error_page 401 = @sign_in;\n        ${location}`,
  });
}

for (const { service, server, location, files } of swagGenerations) {
  const plain = { ...swagBase, ...files, [application]: proxyConf('grist', { server, location }) };

  test(`SWAG with ${service} answers a handshake with a redirect, as the doctor says`, async (t) => {
    const found = examineFiles(plain).findings.filter(({ code }) => code === 'PD001');
    assert.deepEqual(codesOf(found), ['PD001 fault']);
    const grist = await startGrist(t, plain);
    assert.equal((await grist.handshake()).status, 302);
    assert.equal((await grist.handshake({ cookie: 'session=good' })).status, 101);
  });

  const mends: [what: string, files: ConfigFiles][] = [
    ['a line before the include', { ...plain, [application]: mendBeside(server, location) }],
  ];
  const fix = readFileSync(join(nginxFiles, 'fixes', 'no-login-redirect.conf'), 'utf8');
  const included = proxyConf('grist', { server, location }).replace(
    /(proxy_pass \$upstream_proto.*)/,
    '$1\n        include /config/nginx/no-login-redirect.conf;',
  );
  mends.push([
    'no-login-redirect.conf',
    { ...plain, '/config/nginx/no-login-redirect.conf': fix, [application]: included },
  ]);
  const edits = examineFiles(plain).findings.flatMap(({ code, edits }) =>
    code === 'PD001' ? edits : [],
  );
  if (edits.length > 0) mends.push(["the doctor's patch", applyPatch(plain, renderPatch(edits))]);
  for (const [what, mended] of mends) {
    test(`SWAG with ${service} is mended by ${what}, and the doctor sees that`, async (t) => {
      const faults = examineFiles(mended).findings.filter(({ severity }) => severity === 'fault');
      assert.deepEqual(codesOf(faults), []);
      const redirects = codesOf(examineFiles(mended).findings).includes('PD001 warning');
      assert.equal(redirects, what.startsWith('a line') && service === 'TinyAuth of July 2026');
      const grist = await startGrist(t, mended);
      assert.equal((await grist.handshake()).status, 401);
      const page = await grist.page();
      assert.equal(page.status, 302);
      assert.notEqual(page.headers.location, undefined);
      assert.equal((await grist.handshake({ cookie: 'session=good' })).status, 101);
    });
  }
}

for (const { service, server, location, files } of swagGenerations) {
  test(`SWAG with ${service} works as before after all patches at once`, async (t) => {
    const plain = {
      ...swagBase,
      ...files,
      [application]: proxyConf('grist', { server, location }),
    };
    const patch = renderPatch(examineFiles(plain).findings.flatMap(({ edits }) => edits));
    assert.notEqual(patch, '');
    const grist = await startGrist(t, applyPatch(plain, patch));
    assert.equal((await grist.handshake({ cookie: 'session=good' })).status, 101);
    assert.notEqual((await grist.handshake()).status, 101);
    assert.equal((await grist.page()).status, 302);
  });
}

test('other ways to keep handshakes from a redirect are understood', async (t) => {
  const [{ server, location, files }] = swagGenerations as [(typeof swagGenerations)[0]];
  const ways: Record<string, string> = {
    'an error_page in an if': proxyConf('grist', {
      server: `${server}\n location @plain { internal; return 401; }`,
      location: `${location}\n if ($http_upgrade) { error_page 401 @plain; }`,
    }),
    'recursive_error_pages around the file of others': proxyConf('grist', {
      server: `${server}
    location @fix {
        internal;
        if ($http_upgrade ~* ^websocket$) {
            return 401;
        }
        error_page 418 = @tinyauth_login;
        return 418;
    }`,
      location: `recursive_error_pages on;\n error_page 401 = @fix;\n ${location}`,
    }),
  };
  for (const [what, text] of Object.entries(ways)) {
    const mended = { ...swagBase, ...files, [application]: text };
    const faults = examineFiles(mended).findings.filter(({ severity }) => severity === 'fault');
    assert.deepEqual(codesOf(faults), [], what);
    const grist = await startGrist(t, mended);
    assert.equal((await grist.handshake()).status, 401, what);
    assert.equal((await grist.page()).status, 302, what);
  }
});
