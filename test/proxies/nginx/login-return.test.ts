import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryPage } from '../../../src/demo/client.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

/** How a location leads to the login: with the shipped files, and by lines of one's own. */
const logins = {
  'the shipped files': 'set $postern_login "/.postern/login?rd=";',
  'the address appended by hand': 'set $postern_login "/.postern/login?rd=$request_uri";',
} as const;

/** Addresses whose own parameters have the names of parameters of the login page. */
const pages = [
  '/vnc.html?autoconnect=true&path=websockify',
  '/vnc.html?gate=x',
  '/vnc.html?path=/nowhere&gate=none&rd=/elsewhere',
  '/vnc.html?a=1&rd=&gate=&b=1',
];

for (const { name, program } of nginxPrograms) {
  for (const [how, line] of Object.entries(logins)) {
    test(`the parameters of a page are none of the login's, with ${how} (nginx ${name})`, async (t) => {
      const config = join(temporaryDirectory(t), 'postern.yaml');
      writeFileSync(config, 'gates: { vnc: { paths: [/vnc, /vnc.html] } }');
      const postern = await startTestPostern(t, { config });
      const site = await startSite(t, {
        gate: postern.gate,
        program,
        locations: (backend, include) => `
          location / {
            ${line}
            ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
          }`,
      });
      const { token } = await postern.issue();
      for (const page of pages) {
        const denied = await tryPage(site.url + page, { accept: 'text/html' });
        assert.equal(denied.status, 302);
        const login = await fetch(new URL(String(denied.headers.location), site.url));
        assert.equal(login.status, 200, page);
        const shown = /name="rd" value="([^"]*)"/.exec(await login.text())?.[1];
        const rd = shown?.replaceAll('&amp;', '&') ?? '';
        const signedIn = await fetch(`${site.url}/.postern/login`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: site.url },
          body: new URLSearchParams({ rd, token }),
        });
        assert.equal(signedIn.status, 303);
        assert.equal(signedIn.headers.get('location')?.replace(site.url, ''), page);
      }
    });
  }
}
