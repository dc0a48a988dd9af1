import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultBundleOptions } from '../../../src/proxies/nginx/bundle-options.ts';
import { renderBundle } from '../../../src/proxies/nginx/render.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startTestNginx } from '../../../testkit/nginx/nginx.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startAuthService } from '../../../testkit/servers/auth-service.ts';

const secret = 'only for those who are let in';

/** Connections of the one worker, for clients and for questions together. */
const connections = 32;

/** An nginx that is soon out of connections, with an error page that has a 200 of its own. */
async function startSmallSite(t: TestContext, program: string, plant = (text: string) => text) {
  // Each question needs a connection of its own.
  const headers = { connection: 'close' };
  const { gate } = await startAuthService(t, () => ({ status: 401, headers }));
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'protected'));
  writeFileSync(join(directory, 'protected/secret.txt'), secret);
  const kit = renderBundle('plain', { ...defaultBundleOptions, gate });
  const file = (name: string) => kit.get(name) ?? '';
  const nginx = await startTestNginx(t, {
    directory,
    program,
    connections,
    http: (port) => `
      ${file('postern-http.conf')}
      server {
        listen 127.0.0.1:${port};
        access_log off;
        ${plant(file('postern-server.conf'))}
        error_page 500 502 503 504 = @sorry;
        location @sorry { return 200 "sorry"; }
        location / { root ${directory}/protected; ${file('postern-location.conf')} }
      }`,
  });
  return { port: nginx.port, log: () => readFileSync(join(directory, 'error.log'), 'utf8') };
}

/** Opens so many requests that stop in the middle of their head. */
interface Half {
  readonly socket: Socket;
  readonly connected: Promise<unknown>;
  readonly answer: Promise<string>;
}

function openHalf(port: number, count: number): Half[] {
  return Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1');
    const connected = new Promise((resolve) => {
      socket.once('connect', resolve).once('close', resolve);
    });
    socket.write('GET /secret.txt HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nX-Half: ');
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    return { socket, connected, answer };
  });
}

/** Half-done requests at once. */
const counts = [1, 10, 20, 25, 28, 29, 30, 31, 40];

/** What clients without a credential get while more and more of them are half done, until that is seen. */
async function exhaust(port: number, isSeen: (answers: readonly string[]) => boolean) {
  const answers: string[] = [];
  for (let round = 0; round < 20 && !isSeen(answers); round++) {
    for (const count of counts) {
      const half = openHalf(port, count);
      await Promise.all(half.map(({ connected }) => connected));
      for (const { socket } of half) socket.write('no more\r\n\r\n');
      answers.push(...(await Promise.all(half.map(({ answer }) => answer))));
    }
  }
  return answers;
}

const statusOf = (answer: string) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'none';

for (const { name, program } of nginxPrograms) {
  test(`${name}: when nginx is out of connections, nobody gets a protected file, whatever error pages say`, async (t) => {
    const { port, log } = await startSmallSite(t, program);
    const seen = (answers: readonly string[]) => new Set(answers.map(statusOf));
    const answers = await exhaust(port, (some) => seen(some).has('503') && seen(some).has('401'));
    assert.match(log(), /worker_connections are not enough/);
    const statuses = [...seen(answers)];
    assert.ok(statuses.includes('503') && statuses.includes('401'), statuses.join(' '));
    assert.deepEqual(
      statuses.filter((status) => !['401', '503', 'none'].includes(status)),
      [],
    );
    assert.ok(answers.every((answer) => !answer.includes(secret)));
  });

  test(`${name}: where the auth location inherits error pages, running out of connections lets people in: the test above can fail`, async (t) => {
    const plant = (text: string) => text.replace('error_page 599 /;', '');
    const { port } = await startSmallSite(t, program, plant);
    const isIn = (answers: readonly string[]) => answers.some((answer) => answer.includes(secret));
    assert.ok(isIn(await exhaust(port, isIn)));
  });
}
