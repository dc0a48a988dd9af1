import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { needPython } from '../../scripts/python.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { makeKey } from '../../testkit/servers/socket-server.ts';

const origin = 'https://app.example.com';

/** The servers of the example: their ports, first that of asyncio, then that with threads. */
async function startServers(t: TestContext, postern: object): Promise<[number, number]> {
  const files = ['test/clients/python-server.py', 'docs/examples/python-server.py'];
  const paths = files.map((file) => join(packageRoot, file));
  const child = spawn(needPython(), [...paths, JSON.stringify(postern)], {
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill();
    await ended;
  });
  const [line] = await once(child.stdout, 'data');
  return JSON.parse(String(line));
}

/** What the server says to a first message: its own message, or the code and the reason of the close. */
function say(port: number, message: string, headers = {}): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers });
  socket.on('open', () => socket.send(message));
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => resolve(String(data)));
    socket.on('close', (code, reason) => resolve(`${code} ${reason}`));
    socket.on('error', reject);
  });
}

test('a Python server validates the first message, with asyncio and with threads, and tells the reason', async (t) => {
  const env = { POSTERN_DEFAULT_GATE_ORIGINS: origin };
  const postern = await startTestPostern(t, { env });
  const { url, key } = await makeKey(postern, 'introspector');
  const ports = await startServers(t, { url, key, gate: 'chat' });
  for (const port of ports) {
    const { token } = await postern.issue({ subject: 'alice' });
    const ticket = await postern.issueTicket({ subject: 'bob' });
    const outcomes = [
      await say(port, token, { origin }),
      await say(port, ticket.token, { origin }),
      await say(port, ticket.token, { origin }),
      await say(port, 'nonsense', { origin }),
      await say(port, token, { origin: 'https://evil.example' }),
      await say(port, token),
    ];
    assert.deepEqual(outcomes, [
      'welcome alice',
      'welcome bob',
      '4401 already_used',
      '4401 unknown_token',
      '4401 origin_not_allowed',
      '4401 origin_not_allowed',
    ]);
  }
});
