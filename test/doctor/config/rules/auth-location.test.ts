import assert from 'node:assert/strict';
import { tryHandshake, tryPage } from '../../../../src/demo/client.ts';
import { sendRaw } from '../../../../testkit/clients/raw-request.ts';
import { goodCookie, startExample } from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';

proveRule('PD013', {
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/auth`)).status, 401);
    assert.equal(site.questions.length, 1);
  },
  right: async (site) => {
    assert.equal((await tryPage(`${site.url}/auth`)).status, 404);
    assert.deepEqual(site.questions, []);
  },
});

proveRule('PD014', {
  wrong: async (site) => {
    assert.equal((await tryPage(`${site.url}/authors`, goodCookie)).status, 404);
    assert.deepEqual(site.backend.seen, []);
  },
  right: async (site) => {
    const { status, seen } = await tryPage(`${site.url}/authors`, goodCookie);
    assert.deepEqual([status, seen?.url], [200, '/authors']);
  },
});

proveRule('PD015', {
  // Reads the body before it answers.
  answer: (request, response) => {
    request.resume().on('end', () => response.end());
    request.on('error', () => response.destroy());
  },
  wrong: async (site) => {
    const { status } = await send(site.url);
    assert.equal(status, 500);
    assert.equal(site.questions[0]?.headers['content-length'], '3');
  },
  right: async (site) => {
    const { status } = await send(site.url);
    assert.equal(status, 200);
    assert.equal(site.questions[0]?.headers['content-length'], undefined);
  },
});

/** Sends a form. */
function send(url: string): Promise<Response> {
  return fetch(`${url}/form`, { method: 'POST', body: 'a=1' });
}

proveRule('PD019', {
  wrong: async (site) => {
    await sendRaw(site.nginx.port, twoHosts);
    assert.equal(site.questions[0]?.headers['x-original-url'], 'http://private.example/x');
  },
  right: async (site) => {
    await sendRaw(site.nginx.port, twoHosts);
    assert.equal(site.questions[0]?.headers['x-original-url'], 'http://app.example.com/x');
  },
});

const twoHosts = `GET http://app.example.com/x HTTP/1.1
Host: private.example

`;

proveRule('PD020', {
  wrong: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 101);
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 101);
    assert.equal(site.questions.length, 2);
  },
  right: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 101);
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 101);
    assert.equal(site.questions.length, 2, 'the good answer was kept');
  },
});

proveRule('PD021', {
  // TinyAuth 5.2, as far as it matters here.
  answer: ({ headers }, response) => {
    const isTwice = headers['x-original-url'] && headers['x-forwarded-uri'];
    response.writeHead(isTwice ? 400 : 200).end();
  },
  wrong: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 500);
  },
  right: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 101);
  },
});

const never = { answer: () => undefined };

proveRule('PD024', {
  ...never,
  letsIn: false,
  wrong: async (site, t) => {
    let answered = false;
    const waiting = tryPage(`${site.url}/`).finally(() => {
      answered = true;
    });
    // Both are asked; the one with time limits has answered, the other is still waiting.
    const right = await startExample(t, readExample('PD024', 'Right'), never);
    assert.equal((await tryPage(`${right.url}/`)).status, 500);
    assert.equal(answered, false);
    waiting.catch(() => undefined);
  },
  right: async (site) => assert.equal((await tryPage(`${site.url}/`)).status, 500),
});

proveRule('PD025', {
  wrong: async (site) => {
    for (let count = 0; count < 3; count++) await tryPage(`${site.url}/`, goodCookie);
    assert.equal(new Set(site.questions.map(({ port }) => port)).size, 3);
  },
  right: async (site) => {
    for (let count = 0; count < 3; count++) await tryPage(`${site.url}/`, goodCookie);
    assert.equal(site.questions.length, 3);
    assert.equal(new Set(site.questions.map(({ port }) => port)).size, 1);
  },
});
