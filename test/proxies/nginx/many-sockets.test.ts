import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { tryHandshake } from '../../../src/demo/client.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

const count = 1_000;
/** Handshakes under way at once. */
const batch = 50;

async function inBatches<T>(work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < count; start += batch) {
    results.push(
      ...(await Promise.all(Array.from({ length: batch }, (_, index) => work(start + index)))),
    );
  }
  return results;
}

test('1,000 sockets stay open while 1,000 more are refused', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  const { token } = await postern.issue();
  const open = await inBatches(async () => {
    const socket = new WebSocket(`${site.socketUrl}/ws?token=${token}`);
    await once(socket, 'message'); // the backend's greeting
    return socket;
  });
  t.after(() => {
    for (const socket of open) socket.terminate();
  });
  assert.equal(site.backend.sockets.size, count);

  const refused = await inBatches(() => tryHandshake(`${site.socketUrl}/ws`));
  assert.ok(refused.every(({ status }) => status === 401));
  assert.equal(site.backend.sockets.size, count);

  const echoes = await Promise.all(
    open.map(async (socket, index) => {
      const echo = once(socket, 'message');
      socket.send(`still here ${index}`);
      return String((await echo)[0]);
    }),
  );
  assert.deepEqual(
    echoes,
    open.map((_, index) => `still here ${index}`),
  );
});
