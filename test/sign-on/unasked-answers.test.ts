import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { startRawServer } from '../../testkit/servers/raw-server.ts';
import { waitFor } from '../../testkit/wait.ts';
import { openBridge, outcomeOf, type TestBridge } from './fixture.ts';

const session = (user: string) => `tinyauth-session-1a2b3c4d=${user}`;

function answerFor(user: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nRemote-User: ${user}\r\nContent-Length: 0\r\n\r\n`;
}

/** Treats each question on a connection as the function says, with the user that its cookie names. */
function eachQuestion(answer: (socket: Socket, user: string, path: string) => void) {
  return (socket: Socket) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        const [, user = 'nobody'] = /tinyauth-session-1a2b3c4d=([^;\r]*)/.exec(head) ?? [];
        const [, url = ''] = /x-original-url: *(.*)/i.exec(head) ?? [];
        answer(socket, user, URL.canParse(url) ? new URL(url).pathname : '');
      }
    });
  };
}

/** Has 48 users ask ten times each, eight at a time: how many were let in, and who was somebody else. */
async function askAll(bridge: TestBridge): Promise<{ right: number; confused: string[] }> {
  const users = Array.from({ length: 480 }, (_, i) => `user-${i % 48}`);
  const confused: string[] = [];
  let right = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let user = users.pop(); user !== undefined; user = users.pop()) {
        const found = outcomeOf(await bridge.about({ cookie: session(user) }));
        if (found === user) right++;
        else if (found !== 'sign_on_unavailable') confused.push(`${user}: ${found}`);
      }
    }),
  );
  return { right, confused };
}

const later = () => Math.random() * 20;

/** How a service answers, and how many of 480 questions it answers that way. */
const habits: readonly [
  what: string,
  answer: (socket: Socket, user: string) => void,
  right: number,
][] = [
  ['twice, in one packet', (socket, user) => socket.write(answerFor(user).repeat(2)), 480],
  [
    'twice, the second a moment later',
    (socket, user) => {
      socket.write(answerFor(user));
      setImmediate(() => socket.write(answerFor(user)));
    },
    480,
  ],
  [
    'twice, the second some milliseconds later',
    (socket, user) => {
      socket.write(answerFor(user));
      setTimeout(() => socket.write(answerFor(user)), later());
    },
    480,
  ],
  [
    'with 504, and then with what came too late',
    (socket, user) => {
      socket.write(answerFor('nobody', '504 Gateway Timeout'));
      setTimeout(() => socket.write(answerFor(user)), later());
    },
    0,
  ],
  [
    'when nobody waits any more',
    (socket, user) => setTimeout(() => socket.write(answerFor(user)), 100 + later()),
    0,
  ],
];

for (const [what, answer, expected] of habits) {
  test(`a service that answers ${what} makes nobody somebody else`, async (t) => {
    const { url } = await startRawServer(
      t,
      eachQuestion((socket, user) => answer(socket, user)),
      { immediately: true },
    );
    const bridge = openBridge(t, { url, maxRequests: 8, timeout: expected === 0 ? 50 : 5_000 });
    const { right, confused } = await askAll(bridge);
    assert.deepEqual({ right, confused }, { right: expected, confused: [] });
  });
}

test('after an answer that nobody asked for nothing is kept, and the log says so once', async (t) => {
  const { url, connections } = await startRawServer(
    t,
    eachQuestion((socket, user) => {
      socket.write(answerFor(user));
      setTimeout(() => socket.write(answerFor(user)), 1);
    }),
    { immediately: true },
  );
  const bridge = openBridge(t, { url, maxRequests: 1 });
  assert.equal(outcomeOf(await bridge.about({ cookie: session('a') })), 'a');
  await waitFor('the second answer', () => bridge.reports.length === 1);
  assert.match(
    bridge.reports[0] ?? '',
    /answer without a request: its connections are no longer reused/,
  );
  const before = connections();
  for (let i = 0; i < 5; i++) {
    assert.equal(outcomeOf(await bridge.about({ cookie: session('a') })), 'a');
  }
  assert.equal(connections(), before + 5);
  assert.deepEqual(bridge.reports.slice(1), ['fine']);
});

test('what comes on a used connection with an answer too many is asked again elsewhere', async (t) => {
  const asked: string[] = [];
  const { url } = await startRawServer(
    t,
    (socket) => {
      let before = '';
      // Answers each question with what the one before it would have got, and then with its own.
      eachQuestion((_, user, path) => {
        asked.push(path);
        const own = answerFor(`${user}-at-${path.slice(1)}`);
        socket.write(before + own);
        before = own;
      })(socket);
    },
    { immediately: true },
  );
  const bridge = openBridge(t, { url, maxRequests: 1 });
  const cookie = session('a');
  assert.equal(outcomeOf(await bridge.about({ cookie, path: '/x' })), 'a-at-x');
  assert.equal(outcomeOf(await bridge.about({ cookie, path: '/y' })), 'a-at-y');
  assert.deepEqual(asked, ['/x', '/y', '/y']);
});
