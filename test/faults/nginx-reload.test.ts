import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { tryHandshake } from '../../src/demo/client.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { waitFor } from '../../testkit/wait.ts';

test('nginx reloads under load: no open socket is lost, and no handshake', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const address = `${site.socketUrl}/ws?token=${token}`;
  const open = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = new WebSocket(address);
      await once(socket, 'message'); // the backend's greeting
      return socket;
    }),
  );
  t.after(() => {
    for (const socket of open) socket.terminate();
  });

  let goesOn = true;
  const outcomes: number[] = [];
  const lane = async () => {
    while (goesOn) outcomes.push((await tryHandshake(address)).status ?? 0);
  };
  const load = Promise.all(Array.from({ length: 8 }, lane));
  const reloads = 5;
  for (let i = 1; i <= reloads; i++) {
    const before = outcomes.length;
    site.nginx.reload();
    await waitFor('the reload', () => {
      const done = site.errorLog().split('gracefully shutting down').length - 1;
      return done >= i && outcomes.length > before + 20;
    });
  }
  goesOn = false;
  await load;
  assert.deepEqual(
    outcomes.filter((status) => status !== 101),
    [],
  );
  for (const [index, socket] of open.entries()) {
    const echo = once(socket, 'message');
    socket.send(`still here ${index}`);
    assert.equal(String((await echo)[0]), `still here ${index}`);
  }
});
