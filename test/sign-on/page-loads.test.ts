import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { flavourSites } from '../../testkit/nginx/flavours.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';

const ownPage = 'set $postern_login "/.postern/login?rd=";';
const unauthorized = `https://tinyauth.example.com/unauthorized?username=bob"><script>'`;
const escaped = 'https://tinyauth.example.com/unauthorized?username=bob%22%3E%3Cscript%3E%27';
const login = 'https://tinyauth.example.com/login?redirect_uri=x';

/** A Postern in front of a TinyAuth that knows Bob, whom its rules do not allow, and nobody else. */
async function startAsking(t: TestContext) {
  const signOn = await startAnswering(t, ({ headers }, response) => {
    const isBob = headers.cookie !== undefined;
    response
      .writeHead(isBob ? 403 : 401, { 'X-Tinyauth-Location': isBob ? unauthorized : login })
      .end();
  });
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const bridge = { service: 'tinyauth', url: signOn.url };
  writeFileSync(config, JSON.stringify({ default_gate: { bridge } }));
  return startTestPostern(t, { config });
}

const bob = { cookie: 'tinyauth-session-1a2b3c4d=bob' };

for (const [name, start] of flavourSites) {
  test(`${name}: people are sent to the sign-on, also from a sample with Postern’s own page`, async (t) => {
    const postern = await startAsking(t);
    const site = await start(t, { gate: postern.gate, location: ownPage });
    const page = await tryPage(`${site.url}/doc`);
    assert.deepEqual([page.status, page.headers.location], [302, login]);
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);

    const forbidden = await sendRaw(
      Number(new URL(site.url).port),
      `GET /doc.js HTTP/1.1\nHost: ${new URL(site.url).host}\nAccept: text/html\nCookie: ${bob.cookie}\nConnection: close\n\n`,
      { body: true },
    );
    assert.equal(forbidden.status, 403);
    assert.equal(forbidden.headers['content-type'], 'text/html; charset=utf-8');
    assert.ok(forbidden.text.includes(`<a href="${escaped}">`));
    const program = await tryPage(`${site.url}/doc`, { ...bob, accept: 'application/json' });
    assert.deepEqual([program.status, program.headers.location], [403, undefined]);
    const posted = await tryPage(`${site.url}/doc`, bob, 'POST');
    assert.equal(posted.status, 403);
    const socket = await tryHandshake(`${site.socketUrl}/ws`, { ...bob, origin: site.url });
    assert.equal(socket.status, 401);
    assert.equal(site.backend.seen.length, 0);
  });

  test(`${name}: without a login of the gate, Postern’s own page is where people sign in`, async (t) => {
    const postern = await startTestPostern(t);
    const site = await start(t, { gate: postern.gate, location: ownPage });
    const page = await tryPage(`${site.url}/doc`);
    assert.equal(page.status, 302);
    assert.match(String(page.headers.location), /^\/\.postern\/login\?rd=http/);
  });
}
