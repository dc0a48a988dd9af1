import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

test('a counted token lasts for the requests of one connection that begins without a WebSocket', async (t) => {
  let now = Date.now();
  const postern = await startTestPostern(t, { clock: () => now });
  const site = await startSite(t, postern);
  const short = { expires_in: '10s' };

  // SignalR negotiates with a Bearer, and opens the socket with access_token.
  const { token } = await postern.issue({ max_uses: 2, ...short });
  const authorization = `Bearer ${token}`;
  const negotiate = await tryPage(`${site.url}/hub/negotiate`, { authorization }, 'POST');
  assert.equal(negotiate.status, 200);
  const socket = `${site.socketUrl}/hub?id=a&access_token=${token}`;
  assert.equal((await tryHandshake(socket)).status, 101);
  assert.equal((await tryHandshake(socket)).status, 401);
  assert.equal(postern.lastDecision().reason, 'already_used');

  // socket.io polls until the socket is open.
  const io = await postern.issue({ max_uses: 8, ...short });
  const query = `EIO=4&token=${io.token}`;
  for (const method of ['GET', 'POST', 'GET', 'GET']) {
    const poll = await tryPage(`${site.url}/socket.io/?${query}&transport=polling`, {}, method);
    assert.equal(poll.status, 200);
    assert.equal(poll.seen?.url, '/socket.io/?EIO=4&transport=polling');
  }
  const upgrade = `${site.socketUrl}/socket.io/?${query}&transport=websocket`;
  assert.equal((await tryHandshake(upgrade)).status, 101);
  now += 11_000;
  assert.equal((await tryHandshake(upgrade)).status, 401, 'the window is short');
  assert.equal(postern.lastDecision().reason, 'expired');
});
