import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

for (const { name, program } of nginxPrograms) {
  test(`a denial asks for Basic and Bearer where the gate says so, over nginx: ${name}`, async (t) => {
    const postern = await startTestPostern(t, {
      env: { POSTERN_DEFAULT_GATE_CHALLENGE: 'bearer,basic' },
    });
    const site = await startSite(t, { gate: postern.gate, program });
    const challenge = 'Basic realm="chat", charset="UTF-8", Bearer realm="chat"';
    const none = await tryHandshake(`${site.socketUrl}/ws`);
    assert.deepEqual([none.status, none.headers['www-authenticate']], [401, challenge]);
    const wrong = await tryHandshake(`${site.socketUrl}/ws?token=x`);
    assert.equal(wrong.headers['www-authenticate'], `${challenge}, error="invalid_token"`);
    const api = await tryPage(`${site.url}/api`, { accept: 'application/json' });
    assert.deepEqual([api.status, api.headers['www-authenticate']], [401, challenge]);

    // No password helps a foreign page, so no browser is to ask for one.
    const { token } = await postern.issue();
    const foreign = { cookie: `postern_token=${token}`, origin: 'https://evil.example' };
    const refused = await tryHandshake(`${site.socketUrl}/ws`, foreign);
    assert.deepEqual(
      [refused.status, refused.headers['www-authenticate']],
      [401, 'Bearer realm="chat"'],
    );

    const { host } = new URL(site.url);
    assert.equal((await tryHandshake(`ws://token:${token}@${host}/ws`)).status, 101);
  });
}
