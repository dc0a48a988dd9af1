import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { tryHandshake } from '../../../../src/demo/client.ts';
import { sendRaw } from '../../../../testkit/clients/raw-request.ts';
import {
  type ExampleSite,
  goodCookie,
  startExample,
} from '../../../../testkit/doctor/example-site.ts';
import { readExample } from '../../../../testkit/doctor/pages.ts';
import { proveRule } from '../../../../testkit/doctor/prove-rule.ts';
import { startPythonServer } from '../../../../testkit/servers/python-socket.ts';

proveRule('PD003', {
  wrong: async (site) => {
    const { status } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(status, 200);
    assert.equal(site.backend.seen[0]?.headers.upgrade, undefined);
  },
  right: async (site) => {
    const { status, seen } = await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.deepEqual([status, seen?.headers.upgrade], [101, 'websocket']);
  },
});

proveRule('PD004', {
  application: startPythonServer,
  letsIn: false,
  wrong: async (site) => assert.notEqual(await knock(site), 101),
  right: async (site) => assert.equal(await knock(site), 101),
});

/** A handshake that waits for no message: the status of its answer. */
async function knock({ nginx }: ExampleSite): Promise<number> {
  const { status } = await sendRaw(
    nginx.port,
    `GET /ws HTTP/1.1
Host: app.example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Cookie: ${goodCookie.cookie}

`,
  );
  return status;
}

proveRule('PD005', {
  wrong: async (site) => {
    await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(site.questions[0]?.headers.upgrade, 'websocket');
  },
  right: async (site) => {
    await tryHandshake(`${site.socketUrl}/ws`, goodCookie);
    assert.equal(site.questions[0]?.headers.upgrade, undefined);
  },
});

proveRule('PD011', {
  application: startTunnel,
  letsIn: false,
  wrong: async (site) => {
    const { status, headers } = await sendRaw(site.nginx.port, askForH2c);
    assert.deepEqual([status, headers.upgrade], [101, 'h2c']);
  },
  right: async (site) => {
    assert.equal((await sendRaw(site.nginx.port, askForH2c)).status, 200);
  },
});

const askForH2c = `GET / HTTP/1.1
Host: app.example.com
Connection: Upgrade, HTTP2-Settings
Upgrade: h2c
HTTP2-Settings: AAMAAABkAAQAAP__
Cookie: ${goodCookie.cookie}

`;

/** An application that agrees to every upgrade, as one that speaks HTTP/2 without TLS agrees to h2c. */
async function startTunnel(t: TestContext): Promise<number> {
  const server = createServer((_request, response) => response.end());
  server.on('upgrade', ({ headers }, socket) => {
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n\r\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

proveRule('PD016', {
  wrong: async (site) => {
    const socket = new WebSocket(`${site.socketUrl}/ws`, { headers: goodCookie });
    const [code] = await once(socket, 'close');
    assert.equal(code, 1006);
  },
  right: async (site, t) => {
    const patient = new WebSocket(`${site.socketUrl}/ws`, { headers: goodCookie });
    await once(patient, 'message');
    // A socket of the wrong example, opened later, has been closed; this one is still there.
    const other = await startExample(t, readExample('PD016', 'Wrong'));
    await once(new WebSocket(`${other.socketUrl}/ws`, { headers: goodCookie }), 'close');
    patient.send('still there');
    assert.equal(String((await once(patient, 'message'))[0]), 'still there');
    patient.terminate();
  },
});
