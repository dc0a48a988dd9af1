import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { tryHandshake } from '../../../src/demo/client.ts';
import { bundleOptionsOf } from '../../../src/proxies/nginx/bundle-options.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { ask } from '../../../testkit/postern/ask.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

const jupyter = 'v1.token.websocket.jupyter.org';
const kernel = 'v1.kernel.websocket.jupyter.org';

/** Whether this nginx joins the lines of any request header in its variable. */
function joinsLines(program: string): boolean {
  const { stderr } = spawnSync(program, ['-v'], { encoding: 'utf8' });
  const [, minor = 0] = /nginx\/1\.(\d+)/.exec(stderr) ?? [];
  return Number(minor) >= 23;
}

test('a token in a second line of Sec-WebSocket-Protocol counts', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue();
  const lines = (...offered: string[]) =>
    ask(postern.gate, { upgrade: 'websocket', 'sec-websocket-protocol': offered });
  const answer = await lines('chat', `postern.bearer.${token}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['x-postern-subprotocols'], 'chat');
  assert.equal((await lines(`postern.bearer.${token}`, 'postern.bearer.x')).status, 401);
});

for (const { name, program } of nginxPrograms) {
  test(`tokens in the subprotocols of frameworks, over nginx: ${name}`, async (t) => {
    const config = join(temporaryDirectory(t), 'postern.yaml');
    writeFileSync(
      config,
      'gates: { chat: { subprotocols: [phoenix, kubernetes, jupyter, bearer] }, plain: { paths: [/plain] } }\n',
    );
    const postern = await startTestPostern(t, { config });
    const site = await startSite(t, {
      gate: postern.gate,
      program,
      kit: bundleOptionsOf(loadConfig({ file: config, env: {} }).config),
      server: 'add_header X-Frame-Options DENY always;',
      locations: (backend, include) => `
        location / { ${include('gates/chat.conf')} ${include('postern-proxy.conf')} ${backend} }
        location /plain { ${include('gates/plain.conf')} ${include('postern-proxy.conf')} ${backend} }`,
    });
    const { token } = await postern.issue();
    const encoded = Buffer.from(token).toString('base64url');
    const cases: [offered: string[], backend: string | undefined, client: string | undefined][] = [
      [['phoenix', `base64url.bearer.phx.${encoded}`], 'phoenix', 'phoenix'],
      [
        [`base64url.bearer.authorization.k8s.io.${encoded}`, 'v4.channel.k8s.io'],
        'v4.channel.k8s.io',
        'v4.channel.k8s.io',
      ],
      [[jupyter, `${jupyter}.${token}`], undefined, jupyter],
      [[kernel, jupyter, `${jupyter}.${token}`], kernel, kernel],
      [['bearer', token], undefined, 'bearer'],
      [['chat', 'bearer', token], 'chat', 'chat'],
      [['postern', `postern.bearer.${token}`], undefined, 'postern'],
    ];
    for (const [offered, backend, client] of cases) {
      const outcome = await tryHandshake(`${site.socketUrl}/ws`, {}, offered);
      assert.equal(outcome.status, 101, offered.join());
      assert.equal(outcome.seen?.headers['sec-websocket-protocol'], backend, offered.join());
      assert.equal(outcome.headers['sec-websocket-protocol'], client, offered.join());
      assert.equal(postern.lastDecision().source, 'subprotocol');
    }

    // A token after which no marker is offered is not echoed, and the headers of the server stay.
    const alone = await sendRaw(
      site.nginx.port,
      `GET /ws HTTP/1.1
Host: app.example.com
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Protocol: base64url.bearer.phx.${encoded}

`,
    );
    assert.equal(alone.status, 101);
    assert.equal(alone.headers['sec-websocket-protocol'], undefined);
    assert.equal(alone.headers['x-frame-options'], 'DENY');
    assert.ok(!alone.text.includes(encoded));

    // A second line: nginx joins the lines since 1.23, and knows only the first one before.
    const send = (lines: readonly string[]) =>
      sendRaw(
        site.nginx.port,
        [
          'GET /ws HTTP/1.1',
          'Host: app.example.com',
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          ...lines.map((line) => `Sec-WebSocket-Protocol: ${line}`),
          '\n',
        ].join('\n'),
      );
    const before = site.backend.seen.length;
    const two = await send(['chat', `postern.bearer.${token}`]);
    if (joinsLines(program)) {
      assert.equal(two.status, 101);
      assert.equal(site.backend.seen.at(-1)?.headers['sec-websocket-protocol'], 'chat');
    } else {
      assert.equal(two.status, 401);
      assert.equal(postern.lastDecision().reason, 'no_credential');
      assert.equal(site.backend.seen.length, before);
    }
    const first = await send([`postern.bearer.${token}`, 'chat']);
    assert.equal(first.status, 101);
    const seen = site.backend.seen.at(-1)?.headers['sec-websocket-protocol'];
    assert.equal(seen, joinsLines(program) ? 'chat' : undefined);

    const admitted = site.backend.seen.length;
    for (const offered of [[token, 'bearer'], ['bearer', 'chat'], ['phoenix']]) {
      assert.equal((await tryHandshake(`${site.socketUrl}/ws`, {}, offered)).status, 401);
    }
    assert.equal(site.backend.seen.length, admitted, 'no other request got through');

    // A gate without the setting leaves them to the application, which may have tokens of its own.
    const own = ['phoenix', `base64url.bearer.phx.${encoded}`];
    const plain = await tryHandshake(`${site.socketUrl}/plain?token=${token}`, {}, own);
    assert.equal(plain.seen?.headers['sec-websocket-protocol'], own.join(', '));
  });
}
