import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { needProgram } from '../../scripts/programs.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { authelia } from '../../testkit/sign-on/nginx/authelia.ts';
import { authentik } from '../../testkit/sign-on/nginx/authentik.ts';
import { signOns } from '../../testkit/sign-on/nginx/index.ts';
import { oauth2Proxy } from '../../testkit/sign-on/nginx/oauth2-proxy.ts';
import type { SignOn } from '../../testkit/sign-on/nginx/sign-on.ts';
import { tinyauth } from '../../testkit/sign-on/nginx/tinyauth.ts';
import { vouch } from '../../testkit/sign-on/nginx/vouch.ts';
import { cookieOf, fix, type SignOnSite, startSignOnSite } from '../../testkit/sign-on/site.ts';

const document = readFileSync(join(packageRoot, 'docs/why-302.md'), 'utf8');
const shipped = ['no-login-redirect.conf', 'README.md'].map((name) =>
  readFileSync(join(packageRoot, 'nginx/fixes', name), 'utf8'),
);

/** The section below a heading, up to the next heading. */
function section(heading: string): string {
  const [, text = ''] = document.split(`\n### ${heading}\n`);
  return text.split(/^##/m)[0] ?? '';
}

/** The code block of a language in a text. */
function block(text: string, language: string): string {
  return new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1] ?? '';
}

const sections: Readonly<Record<string, readonly SignOn[]>> = {
  TinyAuth: tinyauth.slice(0, 2),
  Authelia: authelia.slice(0, 1),
  authentik: authentik.slice(0, 1),
  'oauth2-proxy': oauth2Proxy.slice(2),
  'Vouch Proxy': vouch,
};

/**
 * Runs the curl command of the document as it stands there; its host leads to the site. Where the
 * socket opens, curl waits for the end of its patience, so that is made shorter.
 */
async function verify(t: TestContext, site: SignOnSite, cookie?: string): Promise<string> {
  const home = temporaryDirectory(t);
  const settings = [
    `connect-to = "grist.example.com:443:127.0.0.1:${site.nginx.port}"`,
    `cacert = "${site.certificate}"`,
    ...(cookie === undefined ? [] : [`cookie = "${cookie}"`]),
  ];
  writeFileSync(join(home, '.curlrc'), settings.join('\n'));
  needProgram('curl');
  const command = block(document, 'sh');
  const shorter = command.replace('--max-time 5', '--max-time 1');
  const { stdout } = await promisify(execFile)(
    '/bin/sh',
    ['-c', cookie === undefined ? command : shorter],
    { env: { PATH: process.env.PATH, HOME: home, CURL_HOME: home } },
  ).catch((error: { stdout: string }) => error);
  return stdout.trim();
}

for (const [heading, documented] of Object.entries(sections)) {
  for (const signOn of documented) {
    test(`the lines of docs/why-302.md for ${heading} work as they stand there: ${signOn.name}`, async (t) => {
      const locations = block(section(heading), 'nginx');
      const site = await startSignOnSite(t, signOn, { locations });
      assert.equal(await verify(t, site), '401');
      const request = 'GET /doc?a=1&b=2 HTTP/1.1\nHost: grist.example.com\nAccept: text/html\n\n';
      const { status, headers } = await sendRaw(site.nginx.port, request, { tls: true });
      assert.deepEqual([status, headers.location], [signOn.login.status, signOn.login.location]);
      assert.equal(await verify(t, site, cookieOf(signOn, 'alice')), '101');
    });
  }
}

test('the command of docs/why-302.md tells the fault from the fix', async (t) => {
  const [signOn] = tinyauth as readonly [SignOn];
  const login =
    'https://tinyauth.example.com/login?redirect_uri=https%3A%2F%2Fgrist.example.com%2F';
  assert.equal(await verify(t, await startSignOnSite(t, signOn)), `302 ${login}`);
  const fixed = await startSignOnSite(t, signOn, { after: fix });
  assert.equal(await verify(t, fixed), '401');
  await fixed.stopService();
  assert.equal(await verify(t, fixed), '500');
});

test('a location with auth_request off lets strangers in, under any name they choose', async (t) => {
  const [, swag] = tinyauth as readonly [SignOn, SignOn];
  const site = await startSignOnSite(t, swag, {
    locations: `
      location / { ${swag.location} proxy_pass http://127.0.0.1:8484; }
      location /ws {
        auth_request off;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_pass http://127.0.0.1:8484;
      }`,
  });
  const lie = 'Remote-User: admin\nConnection: close';
  const request = `GET /ws HTTP/1.1\nHost: grist.example.com\n${lie}\n\n`;
  const { text } = await sendRaw(site.nginx.port, request, { tls: true, body: true });
  assert.match(text, /GET \/ws by admin/);
});

test('every service is named in the file itself, in its README and in the document', () => {
  for (const signOn of signOns) {
    const name = signOn.name.split(' with ')[0] ?? '';
    for (const text of [document, ...shipped]) assert.ok(text.includes(name), name);
  }
});

test('every line that README.md of the fixes names is one that was tried', () => {
  const tried = signOns.map(({ server, location }) => `${server}\n${location}`).join('\n');
  const lines = [...(shipped[1] ?? '').matchAll(/`((?:error_page|auth_request) [^`]*)`/g)];
  assert.ok(lines.length > 8);
  for (const [, line = ''] of lines) assert.ok(tried.includes(line), line);
});

test('links in docs/why-302.md lead somewhere', () => {
  for (const [, path = ''] of document.matchAll(/\]\(([^)]+)\)/g)) {
    assert.ok(existsSync(join(packageRoot, 'docs', path)), path);
  }
});
