import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { startRawServer } from '../support/sign-ons.ts';
import { openBridge, outcomeOf, type TestBridge } from './scene.ts';

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

/** Has 48 users ask ten times each, eight at a time, and returns whoever was somebody else. */
async function findConfused(bridge: TestBridge): Promise<string[]> {
  const users = Array.from({ length: 480 }, (_, i) => `user-${i % 48}`);
  const confused: string[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let user = users.pop(); user !== undefined; user = users.pop()) {
        const found = outcomeOf(await bridge.about({ cookie: session(user) }));
        if (found !== user && found !== 'sign_on_unavailable') confused.push(`${user}: ${found}`);
      }
    }),
  );
  return confused;
}

/** What a service sends beside its answer. */
const habits: readonly [what: string, answer: (socket: Socket, user: string) => void][] = [
  ['twice, in one packet', (socket, user) => socket.write(answerFor(user).repeat(2))],
  [
    'twice, the second a moment later',
    (socket, user) => {
      socket.write(answerFor(user));
      setImmediate(() => socket.write(answerFor(user)));
    },
  ],
  [
    'twice, the second some milliseconds later',
    (socket, user) => {
      socket.write(answerFor(user));
      setTimeout(() => socket.write(answerFor(user)), Math.random() * 20);
    },
  ],
  [
    'with 504, and then with what came too late',
    (socket, user) => {
      socket.write(answerFor('nobody', '504 Gateway Timeout'));
      setTimeout(() => socket.write(answerFor(user)), Math.random() * 20);
    },
  ],
  [
    'with nothing for so long that nobody waits any more',
    (socket, user) => setTimeout(() => socket.write(answerFor(user)), 30 + Math.random() * 60),
  ],
];

for (const [what, answer] of habits) {
  test(`a service that answers ${what}, makes nobody somebody else`, async (t) => {
    const { url } = await startRawServer(t, eachQuestion(answer));
    const bridge = openBridge(t, { url, maxRequests: 8, timeout: 60 });
    assert.deepEqual(await findConfused(bridge), []);
  });
}
