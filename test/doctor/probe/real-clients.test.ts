import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { needProgram } from '../../../scripts/programs.ts';
import { needPython } from '../../../scripts/python.ts';
import { explainError } from '../../../src/doctor/probe/explain-error.ts';
import { startNginx } from '../../../src/proxies/nginx/process.ts';
import { useBrowser } from '../../../testkit/browser/browser.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startEcho, startPlainNginx } from '../../../testkit/doctor/probe.ts';
import { createCertificate } from '../../../testkit/tls/certificate.ts';
import { waitFor } from '../../../testkit/wait.ts';

const runProgram = promisify(execFile);
const openPage = useBrowser();

/** An nginx that answers `/302` with 302 and so on; `/444` it does not answer. */
async function startAnswers(t: TestContext) {
  const statuses = [200, 302, 307, 400, 401, 403, 404, 426, 429, 444, 500, 502, 503, 504];
  const answer = (status: number) =>
    `return ${status}${status === 302 || status === 307 ? ' https://login.example.com/?rd=x' : ''};`;
  const locations = statuses.map((status) => `location = /${status} { ${answer(status)} }`);
  const { nginx } = await startPlainNginx(
    t,
    `${locations.join('\n')} location = /local { return 302 /login; }
     location = /login { default_type text/html; return 200 '<!doctype html>'; }
     location = /page { default_type text/html; return 200 '<!doctype html>'; }`,
  );
  return { url: `ws://127.0.0.1:${nginx.port}`, port: nginx.port };
}

/** What each answer is, whoever tells of it. */
const meanings = {
  302: 'upgrade-redirected',
  307: 'upgrade-redirected',
  200: 'upgrade-ignored',
  401: 'upgrade-denied',
  403: 'upgrade-forbidden',
  404: 'upgrade-not-found',
  500: 'auth-service-broken',
  502: 'backend-unreachable',
  503: 'service-unavailable',
  504: 'backend-timeout',
} as const;

test('what ws says is recognised, for every status', async (t) => {
  const { url } = await startAnswers(t);
  for (const [status, code] of Object.entries(meanings)) {
    const message = await messageOfWs(`${url}/${status}`);
    const explained = explainError(message);
    assert.deepEqual(
      { message, certainty: explained.certainty, by: explained.by, code: explained.code },
      { message, certainty: 'certain', by: 'Node.js, ws', code },
    );
  }
  assert.equal(explainError(await messageOfWs(`${url}/444`)).code, 'closed-without-answer');
});

test('what ws says of subprotocols is recognised', async (t) => {
  const echo = await startEcho(t, { handleProtocols: () => false });
  const url = `ws://127.0.0.1:${echo.port}/`;
  assert.equal(explainError(await messageOfWs(url, ['chat'])).code, 'subprotocol-missing');
  echo.webSockets.on('headers', (lines) => lines.push('Sec-WebSocket-Protocol: other'));
  assert.equal(explainError(await messageOfWs(url, ['chat'])).code, 'subprotocol-not-offered');
  assert.equal(explainError(await messageOfWs(url)).code, 'subprotocol-not-offered');
});

test('what ws says of certificates and ports is recognised', async (t) => {
  const { certFile, keyFile } = createCertificate(t, ['a.example.test']);
  const { nginx } = await startPlainNginx(
    t,
    `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; return 401;`,
    { listen: 'ssl' },
  );
  const { port } = await startAnswers(t);
  assert.equal(
    explainError(await messageOfWs(`wss://127.0.0.1:${nginx.port}/`)).code,
    'tls-untrusted',
  );
  assert.equal(explainError(await messageOfWs(`wss://127.0.0.1:${port}/`)).code, 'tls-failed');
  assert.equal(explainError(await messageOfWs('ws://127.0.0.1:1/')).code, 'connection-failed');
});

test('what Python’s websockets says is recognised', async (t) => {
  const { url } = await startAnswers(t);
  const script = `
import asyncio, sys, websockets
async def main(url):
    try:
        async with websockets.connect(url):
            pass
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
asyncio.run(main(sys.argv[1]))`;
  for (const [path, by, code] of [
    ['/302', 'Python websockets', 'upgrade-redirected'],
    ['/401', 'Python websockets', 'upgrade-denied'],
    ['/200', 'Python websockets', 'upgrade-ignored'],
    ['/444', 'Python websockets', 'closed-without-answer'],
  ] as const) {
    const { stdout } = await runProgram(needProgram('python3'), ['-c', script, url + path]);
    const explained = explainError(stdout);
    assert.deepEqual([explained.by, explained.code], [by, code], stdout);
  }
});

/** What real clients in Python print, each with the type of its error. */
const pythonClients = {
  aiohttp: `
async def ask(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url):
        pass`,
  tornado: `
async def ask(url):
    await tornado.websocket.websocket_connect(url)`,
} as const;

describe('what is printed by', { concurrency: 2 }, () => {
  for (const [name, ask] of Object.entries(pythonClients)) {
    test(`${name} is recognised, and a redirect that was followed as one`, async (t) => {
      const { url } = await startAnswers(t);
      const script = `
import asyncio, sys
import ${name === 'tornado' ? 'tornado.websocket' : name}
${ask}
for url in sys.argv[1:]:
    try:
        asyncio.run(ask(url))
    except Exception as error:
        print(f"{type(error).__module__}.{type(error).__name__}: {error}")`;
      const paths = ['/302', '/local', '/401', '/403', '/502', '/444'];
      const { stdout } = await runProgram(needPython(), [
        '-c',
        script,
        ...paths.map((at) => url + at),
      ]);
      assert.deepEqual(
        stdout
          .trim()
          .split('\n')
          .map((line) => explainError(line).code),
        [
          ...['upgrade-redirected', 'upgrade-redirected', 'upgrade-denied', 'upgrade-forbidden'],
          ...['backend-unreachable', 'closed-without-answer'],
        ],
        stdout,
      );
    });
  }
});

test('what Chromium says in its console is recognised', async (t) => {
  const { port } = await startAnswers(t);
  const { page, said } = await openPage(t);
  await page.goto(`http://127.0.0.1:${port}/page`);
  for (const [path, code] of [
    ['/302', 'upgrade-redirected'],
    ['/401', 'upgrade-denied'],
    ['/200', 'upgrade-ignored'],
    ['/500', 'auth-service-broken'],
  ] as const) {
    said.length = 0;
    await page.evaluate(`void new WebSocket('ws://127.0.0.1:${port}${path}')`);
    await waitFor(`a word of Chromium about ${path}`, () =>
      said.some((line) => line.includes(path)),
    );
    const explained = explainError(said.find((line) => line.includes(path)) ?? '');
    assert.deepEqual([explained.by, explained.code], ['Chrome, Edge', code], said.join('\n'));
  }
});

test('what Chromium says of a subprotocol that nobody confirmed is recognised', async (t) => {
  const { port } = await startAnswers(t);
  const echo = await startEcho(t, { handleProtocols: () => false });
  const { page, said } = await openPage(t);
  await page.goto(`http://127.0.0.1:${port}/page`);
  await page.evaluate(`void new WebSocket('ws://127.0.0.1:${echo.port}/', ['chat'])`);
  await waitFor('a word of Chromium', () => said.some((line) => line.includes('handshake')));
  assert.equal(explainError(said.join('\n')).code, 'subprotocol-missing');
});

test('what curl says is recognised', async (t) => {
  const { port } = await startAnswers(t);
  const curl = (...args: string[]) =>
    runProgram(needProgram('curl'), ['-sS', '--max-time', '5', ...args]).then(
      ({ stdout }) => stdout,
      ({ stderr, stdout }) => `${stdout}${stderr}`,
    );
  const upgrade = ['-i', '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket'];
  const redirected = explainError(await curl(...upgrade, `http://127.0.0.1:${port}/302`));
  assert.equal(redirected.code, 'upgrade-redirected');
  const closed = explainError(await curl(`http://127.0.0.1:${port}/444`));
  assert.equal(closed.code, 'closed-without-answer');
  const plain = explainError(await curl(`https://127.0.0.1:${port}/`));
  assert.equal(plain.code, 'tls-failed');
});

test('what nginx writes into its error log is recognised', async (t) => {
  const directory = temporaryDirectory(t);
  const { createServer } = await import('node:net');
  const large = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`),
    );
  });
  const garbage = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('garbage\r\n\r\n'));
  });
  const silent = createServer((socket) => void socket.on('error', () => {}).resume());
  const ports: number[] = [];
  for (const server of [large, garbage, silent]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    ports.push(typeof address === 'object' && address !== null ? address.port : 0);
    t.after(() => server.close());
  }
  const nginx = await startNginx({
    directory,
    http: (port) => `
      access_log off; proxy_http_version 1.1; proxy_read_timeout 1s;
      server {
        listen 127.0.0.1:${port};
        location = /redirecting { auth_request /redirect; proxy_pass http://127.0.0.1:1; }
        location = /redirect { internal; return 302 https://login.example.com/; }
        location = /away { proxy_pass http://127.0.0.1:1; }
        location = /large { proxy_pass http://127.0.0.1:${ports[0]}; }
        location = /garbage { proxy_pass http://127.0.0.1:${ports[1]}; }
        location = /silent { proxy_pass http://127.0.0.1:${ports[2]}; }
      }`,
  });
  t.after(() => nginx.close());
  for (const [path, code] of [
    ['/redirecting', 'auth-service-broken'],
    ['/away', 'backend-unreachable'],
    ['/large', 'backend-unreachable'],
    ['/garbage', 'backend-unreachable'],
    ['/silent', 'backend-timeout'],
  ] as const) {
    await sendRaw(nginx.port, `GET ${path} HTTP/1.0\n\n`);
    const line = () =>
      readFileSync(join(directory, 'error.log'), 'utf8')
        .split('\n')
        .find((text) => text.includes('[error]') && text.includes(`"GET ${path} `));
    await waitFor(`a line about ${path}`, () => line() !== undefined);
    const explained = explainError(line() ?? '');
    assert.deepEqual([explained.by, explained.code], ['nginx, error log', code], line());
  }
});

function messageOfWs(url: string, protocols: string[] = []): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, protocols);
    socket.on('error', ({ message }) => resolve(message));
    socket.on('open', () => resolve('open'));
  });
}
