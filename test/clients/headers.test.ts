import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket as WsWebSocket } from 'ws';
import { connect } from '../../docs/examples/node.ts';
import type { SeenRequest } from '../../src/demo/backend.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { createCertificate } from '../../testkit/tls/certificate.ts';

const examples = join(packageRoot, 'docs/examples');

/** The backend's first message; rejects when the socket does not open. */
function firstMessage(socket: EventTarget & { close(): void }): Promise<SeenRequest> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('message', (event) => {
      resolve(JSON.parse((event as MessageEvent).data));
      socket.close();
    });
    socket.addEventListener('error', () => reject(new Error('the socket did not open')));
  });
}

test("Node's WebSocket gets in with a Bearer header, and the backend does not see it", async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue({ subject: 'alice' });
  const seen = await firstMessage(connect(`${site.socketUrl}/ws`, token));
  assert.equal(seen.headers['remote-user'], 'alice');
  assert.equal(seen.headers.authorization, undefined);
  await assert.rejects(firstMessage(connect(`${site.socketUrl}/ws`, 'pst_wrong')));
});

test('React Native gets in, and the Origin that it makes up is that of the gate itself', async (t) => {
  const env = { POSTERN_DEFAULT_GATE_ORIGINS: 'same,https://www.example.com' };
  const postern = await startTestPostern(t, { env });
  const site = await startSite(t, postern);
  const { token } = await postern.issue({ subject: 'alice' });
  // Its WebSocket takes the same arguments as the one of `ws`, and adds the Origin of the address.
  class NativeWebSocket extends WsWebSocket {
    constructor(url: string, protocols: string[], options: { headers: object }) {
      super(url, protocols, { headers: { ...options.headers, Origin: new URL(site.url).origin } });
    }
  }
  const nodes = globalThis.WebSocket;
  t.after(() => {
    globalThis.WebSocket = nodes;
  });
  globalThis.WebSocket = NativeWebSocket as unknown as typeof WebSocket;
  const example = await import(join(examples, 'react-native.js'));
  const seen = await firstMessage(example.connect(`${site.socketUrl}/ws`, token));
  assert.equal(seen.headers['remote-user'], 'alice');
});

test('curl tells whether a handshake passes', async (t) => {
  const certificate = createCertificate(t, []);
  const postern = await startTestPostern(t);
  const site = await startSite(t, { gate: postern.gate, certificate });
  const { token } = await postern.issue();
  const statusLine = async (value: string) => {
    const env = {
      PATH: process.env.PATH,
      CURL_CA_BUNDLE: certificate.certFile,
      HOST: `127.0.0.1:${site.nginx.port}`,
      TOKEN: value,
    };
    const run = promisify(execFile)('/bin/sh', [join(examples, 'curl.sh')], { env });
    // An open socket ends with --max-time, which is exit code 28.
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    return stdout.split('\r\n')[0];
  };
  assert.equal(await statusLine(token), 'HTTP/1.1 101 Switching Protocols');
  assert.equal(await statusLine('pst_wrong'), 'HTTP/1.1 401 Unauthorized');
});
