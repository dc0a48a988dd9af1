import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask } from '../../testkit/postern/ask.ts';
import {
  programEnvironment,
  startTestProgram,
  type TestProgram,
} from '../../testkit/postern/program.ts';

// Each of these clients is closed by a timeout of the service, after at most 5 s for the head of a
// request and 10 s for all of it. The tests wait for that.

/** A connection, and what came over it until it was closed. */
interface Client {
  readonly socket: Socket;
  readonly closed: Promise<string>;
}

function open(t: TestContext, address: ListenAddress): Client {
  const socket =
    address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
  t.after(() => socket.destroy());
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk;
  });
  socket.on('error', () => {});
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve(said))) };
}

/** Keeps asking until told to stop, and counts. Everybody who asks properly gets an answer. */
function keepAsking(service: TestProgram): { stop(): Promise<number> } {
  let goesOn = true;
  const asking = (async () => {
    let count = 0;
    for (; goesOn; count++) {
      assert.equal((await ask(service.gate)).status, 401);
      assert.equal((await service.send('GET', '/v1/tokens?limit=1')).status, 200);
    }
    return count;
  })();
  return {
    async stop() {
      goesOn = false;
      return asking;
    },
  };
}

/** Sends a text a character at a time, until the other end has had enough. */
function drip({ socket, closed }: Client, text: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 200);
  void closed.then(() => clearInterval(timer));
}

const head = 'POST /v1/tokens HTTP/1.1\r\nHost: x\r\n';
const json = `Authorization: Bearer ${adminKey}\r\nContent-Type: application/json\r\n`;

// Whoever is just sending when the connection is closed may find it gone before there is an answer to
// read: then nothing was said.
const kinds: readonly [
  what: string,
  listener: 'gate' | 'admin',
  begin: (client: Client) => void,
  answer: RegExp,
][] = [
  ['sends nothing', 'gate', () => {}, /^HTTP\/1\.1 408 |^$/],
  ['sends nothing', 'admin', () => {}, /^HTTP\/1\.1 408 |^$/],
  [
    'sends its headers a byte at a time',
    'gate',
    (client) =>
      drip(client, 'GET /auth HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),
    /^HTTP\/1\.1 408 |^$/,
  ],
  [
    'sends its headers a byte at a time',
    'admin',
    (client) => drip(client, `${head}X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`),
    /^HTTP\/1\.1 408 |^$/,
  ],
  [
    'never ends its headers',
    'gate',
    ({ socket }) => socket.write('GET /auth HTTP/1.1\r\nHost: x\r\n'),
    /^HTTP\/1\.1 408 /,
  ],
  [
    'announces a body to the question and sends none',
    'gate',
    ({ socket }) => socket.write('POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'),
    /^HTTP\/1\.1 401 /,
  ],
  [
    'announces a body to the login and sends none',
    'gate',
    ({ socket }) =>
      socket.write(
        'POST /.postern/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n',
      ),
    /^HTTP\/1\.1 40[18] /,
  ],
  [
    'announces a body and sends none',
    'admin',
    ({ socket }) => socket.write(`${head}${json}Content-Length: 100\r\n\r\n`),
    /^HTTP\/1\.1 408 |^$/,
  ],
  [
    'sends its body a byte at a time',
    'admin',
    (client) => {
      client.socket.write(`${head}${json}Content-Length: 10000\r\n\r\n`);
      drip(client, '{"subject": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
    },
    /^HTTP\/1\.1 408 |^$/,
  ],
  [
    'never ends its chunks',
    'admin',
    ({ socket }) => socket.write(`${head}${json}Transfer-Encoding: chunked\r\n\r\n5\r\n{"sub`),
    /^HTTP\/1\.1 408 |^$/,
  ],
];

describe('slow and half-open clients', { concurrency: 4 }, () => {
  test('each of them is closed by a timeout, and all others are answered meanwhile', async (t) => {
    const service = await startTestProgram(t);
    const others = keepAsking(service);
    const outcomes = await Promise.all(
      kinds.map(async ([what, listener, begin, answer]) => {
        const client = open(t, service[listener]);
        begin(client);
        const said = await client.closed;
        return answer.test(said) ? undefined : `${listener}, ${what}: ${said}`;
      }),
    );
    assert.deepEqual(
      outcomes.filter((one) => one !== undefined),
      [],
    );
    assert.ok((await others.stop()) > 0);
    assert.doesNotMatch(service.stdout(), /"level":"(?:error|fatal)"/);
  });

  test('a client that goes away in the middle leaves nothing behind', async (t) => {
    const service = await startTestProgram(t);
    for (const [, listener, begin] of kinds) {
      for (const end of ['end', 'resetAndDestroy', 'destroy'] as const) {
        const client = open(t, service[listener]);
        await new Promise((resolve) => client.socket.once('connect', resolve));
        begin(client);
        if (client.socket.remoteFamily === undefined && end === 'resetAndDestroy') {
          // A Unix socket has no reset.
          client.socket.destroy();
        } else client.socket[end]();
        await client.closed;
      }
    }
    assert.equal(await service.knock(await service.issue()), '200');
    assert.doesNotMatch(service.stdout(), /"level":"(?:error|fatal)"/);
    assert.equal((await service.end('SIGTERM')).code, 0);
  });

  test('1,000 idle connections a listener cost little memory and keep nobody out', async (t) => {
    const { env } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    const memory = () => {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(
        readFileSync(`/proc/${service.pid}/status`, 'utf8'),
      ) ?? [0, 0];
      return Number(kilobytes) / 1_024;
    };
    assert.equal((await ask(service.gate)).status, 401);
    const before = memory();
    const idle = [];
    for (const listener of ['gate', 'admin'] as const) {
      for (let i = 0; i < 1_000; i++) idle.push(open(t, service[listener]));
    }
    await Promise.all(
      idle.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))),
    );
    const others = keepAsking(service);
    assert.equal(await service.knock(await service.issue()), '200');
    const grown = memory() - before;
    // They are let go of by themselves, all of them.
    await Promise.all(idle.map(({ closed }) => closed));
    assert.ok((await others.stop()) > 0);
    t.diagnostic(`2,000 connections took ${grown.toFixed(0)} MB`);
    assert.ok(grown < 100, `${grown} MB`);
  });
});
