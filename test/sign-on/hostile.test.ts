import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { startRawServer } from '../../testkit/servers/raw-server.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { openBridge, outcomeOf } from './fixture.ts';

const cookie = sessions.tinyauth.alice;
const head = 'HTTP/1.1 200 OK\r\nRemote-User: mallory\r\n';

/** What a server does with a connection, and what is then said of it. */
const misdeeds: readonly [what: string, treat: (socket: Socket) => void, why: RegExp][] = [
  ['never answers', () => {}, /did not answer in time/],
  [
    'never ends its headers',
    (socket) => {
      socket.write(head);
      const drip = setInterval(() => socket.write('X-A: b\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    },
    /did not answer in time/,
  ],
  [
    'never ends its body',
    (socket) => {
      socket.write(`${head}Content-Length: 1000\r\n\r\n`);
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    },
    /did not answer in time/,
  ],
  [
    'never ends a string of interim answers',
    (socket) => {
      const drip = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 20);
      socket.on('close', () => clearInterval(drip));
    },
    /did not answer in time/,
  ],
  [
    'sends 10 MB of headers',
    (socket) => socket.write(`${head}X-A: ${'a'.repeat(10_000_000)}\r\n\r\n`),
    /too many headers/,
  ],
  [
    'sends 10 MB of body',
    (socket) => socket.write(`${head}Content-Length: 10000000\r\n\r\n${'a'.repeat(10_000_000)}`),
    /too long/,
  ],
  [
    'sends 10 MB of body in chunks',
    (socket) =>
      socket.write(
        `${head}Transfer-Encoding: chunked\r\n\r\n${`4000\r\n${'a'.repeat(0x4000)}\r\n`.repeat(640)}0\r\n\r\n`,
      ),
    /too long/,
  ],
  ['talks no HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), /is not HTTP/],
  ['sends zero bytes', (socket) => socket.write(Buffer.alloc(100)), /is not HTTP/],
  ['closes at once', (socket) => socket.destroy(), /before the answer was complete/],
  ['resets the connection', (socket) => socket.resetAndDestroy(), /before the answer was complete/],
  ['closes within its headers', (socket) => socket.end(head), /before the answer was complete/],
  [
    'closes within its body',
    (socket) => socket.end(`${head}Content-Length: 1000\r\n\r\nx`),
    /before the answer was complete/,
  ],
  [
    'switches protocols',
    (socket) =>
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      ),
    /./,
  ],
  [
    'sends two lengths',
    (socket) => socket.write(`${head}Content-Length: 0\r\nContent-Length: 5\r\n\r\n`),
    /is not HTTP/,
  ],
];

for (const [what, treat, why] of misdeeds) {
  test(`a service that ${what} lets nobody through, and the next answer counts again`, async (t) => {
    let isBad = true;
    const { url } = await startRawServer(
      t,
      (socket) => {
        socket.once('data', () => {
          if (isBad) treat(socket);
          else socket.write('HTTP/1.1 200 OK\r\nRemote-User: alice\r\nContent-Length: 0\r\n\r\n');
        });
      },
      { immediately: true },
    );
    // Short only where nothing else ends the waiting: a busy machine takes its time for 10 MB.
    const timeout = /in time/.test(why.source) ? 400 : 30_000;
    const bridge = openBridge(t, { url, timeout });
    const [found, other] = await Promise.all([bridge.about({ cookie }), bridge.about()]);
    assert.equal(outcomeOf(found), 'sign_on_unavailable');
    assert.equal(outcomeOf(other), 'sign_on_unavailable');
    assert.equal(bridge.reports.length, 1, String(bridge.reports));
    assert.match(bridge.reports[0] ?? '', why);
    isBad = false;
    assert.equal(outcomeOf(await bridge.about({ cookie })), 'alice');
    assert.deepEqual(bridge.reports.slice(1), ['fine']);
  });
}

test('a second answer on the connection is nobody’s', async (t) => {
  const answerFor = (user: string) =>
    `HTTP/1.1 200 OK\r\nRemote-User: ${user}\r\nContent-Length: 0\r\n\r\n`;
  const { url } = await startRawServer(
    t,
    (socket) => {
      socket.on('data', () => socket.write(answerFor('alice') + answerFor('mallory')));
    },
    { immediately: true },
  );
  const bridge = openBridge(t, { url, maxRequests: 1 });
  for (let i = 0; i < 5; i++) {
    assert.notEqual(outcomeOf(await bridge.about({ cookie })), 'mallory');
  }
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} is a denial, and nobody follows it`, async (t) => {
    const elsewhere = await startSignOn(t, 'tinyauth');
    const server = await startAnswering(t, (_question, response) => {
      response.writeHead(status, { location: `${elsewhere.url}/api/auth/nginx` }).end();
    });
    const bridge = openBridge(t, { url: server.url });
    const found = await bridge.about({ cookie });
    assert.equal(outcomeOf(found), 'sign_on_denied');
    assert.equal('login' in found && found.login, `${elsewhere.url}/api/auth/nginx`);
    assert.deepEqual(elsewhere.questions, []);
    assert.equal(server.questions.length, 1);
  });
}

for (const status of [400, 404, 405, 407, 418, 429, 500, 502, 503, 504]) {
  test(`an answer of ${status} lets nobody through, whomever it names`, async (t) => {
    const { url } = await startAnswering(t, (_question, response) => {
      response.writeHead(status, { 'remote-user': 'alice' }).end();
    });
    const bridge = openBridge(t, { url });
    assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
    assert.match(String(bridge.reports), new RegExp(`^it answered ${status}`));
  });
}

test('a service that is not there is reported once, and once when it is there again', async (t) => {
  const server = await startSignOn(t, 'tinyauth');
  await server.stop();
  const bridge = openBridge(t, { url: server.url });
  for (let i = 0; i < 10; i++) {
    assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
  }
  assert.deepEqual(bridge.reports, ['nothing listens there (connection refused)']);
});

test('a host that DNS does not know is reported as that', async (t) => {
  const bridge = openBridge(t, { url: 'http://tinyauth.invalid:3000' });
  assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
  assert.match(String(bridge.reports), /DNS/);
});

test('after close nothing is asked, and whoever waits is denied', async (t) => {
  const server = await startAnswering(t, () => {});
  const bridge = openBridge(t, { url: server.url });
  const waiting = bridge.about({ cookie });
  while (server.questions.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await bridge.close();
  assert.equal(outcomeOf(await waiting), 'sign_on_unavailable');
  assert.equal(outcomeOf(await bridge.about({ cookie })), 'sign_on_unavailable');
  assert.equal(server.questions.length, 1);
  assert.deepEqual(bridge.reports, []);
});
