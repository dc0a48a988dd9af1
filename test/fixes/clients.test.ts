import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { needProgram } from '../../scripts/programs.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { openPageSocket, useBrowser } from '../../testkit/browser/browser.ts';
import type { SignOn } from '../../testkit/sign-on/nginx/sign-on.ts';
import { tinyauth } from '../../testkit/sign-on/nginx/tinyauth.ts';
import { cookieOf, fix, type SignOnSite, startSignOnSite } from '../../testkit/sign-on/site.ts';

const open = useBrowser();
const [signOn] = tinyauth as readonly [SignOn];
const document = readFileSync(join(packageRoot, 'docs/why-302.md'), 'utf8');

const startWithout = (t: TestContext) => startSignOnSite(t, signOn);
const startFixed = (t: TestContext) => startSignOnSite(t, signOn, { after: fix });

/** Fails unless docs/why-302.md has these words in its table of what people see. */
function assertDocumented(words: string) {
  const rows = document.split('\n').filter((line) => line.startsWith('| '));
  assert.ok(
    rows.some((row) => row.includes(words)),
    words,
  );
}

/** A socket of the Node.js client, which trusts the site. */
function connect(site: SignOnSite, headers: Record<string, string> = {}): WebSocket {
  const ca = readFileSync(site.certificate);
  return new WebSocket(`wss://127.0.0.1:${site.nginx.port}/`, { headers, ca });
}

test('ws says 302 without the fix and 401 with it', async (t) => {
  const [error] = await once(connect(await startWithout(t)), 'error').catch((e: Error) => [e]);
  assert.equal(error.message, 'Unexpected server response: 302');
  assertDocumented(error.message);
  const [refusal] = await once(connect(await startFixed(t)), 'error').catch((e: Error) => [e]);
  assert.equal(refusal.message, 'Unexpected server response: 401');
});

test('with a session and the fix, messages go both ways', async (t) => {
  const socket = connect(await startFixed(t), { cookie: cookieOf(signOn, 'alice') });
  await once(socket, 'open');
  socket.send('hello');
  const [heard] = await once(socket, 'message');
  assert.equal(String(heard), 'heard hello');
  socket.close();
  await once(socket, 'close');
});

/** What Python's `websockets` says about a handshake. */
async function askPython(site: SignOnSite): Promise<string> {
  const { stdout } = await promisify(execFile)(
    needProgram('python3'),
    [join(packageRoot, 'test/fixes/python-client.py'), `wss://127.0.0.1:${site.nginx.port}/`],
    { env: { SSL_CERT_FILE: site.certificate, PYTHONDONTWRITEBYTECODE: '1' } },
  );
  return stdout.trim();
}

test('Python websockets follows the 302 to an https address, and understands the 401', async (t) => {
  const words = "isn't a valid URI: scheme isn't ws or wss";
  assert.ok((await askPython(await startWithout(t))).endsWith(words));
  assertDocumented(words);
  assert.match(await askPython(await startFixed(t)), /401/);
});

test('Chromium says so in the console only, and scripts get 1006 both times', async (t) => {
  for (const [site, words] of [
    [await startWithout(t), 'Error during WebSocket handshake: Unexpected response code: 302'],
    [await startFixed(t), 'HTTP Authentication failed; no valid credentials available'],
  ] as const) {
    const { page, said } = await open(t);
    const address = `127.0.0.1:${site.nginx.port}`;
    const socket = await openPageSocket(page, `new WebSocket('wss://${address}/')`);
    assert.deepEqual(socket, { opened: false, code: 1006 });
    assert.deepEqual(said, [`WebSocket connection to 'wss://${address}/' failed: ${words}`]);
    assertDocumented(words);
  }
  assertDocumented('`1006`');
});
