import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BridgeSettings } from '../../src/core/model/sign-on-settings.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { startTestNginx } from '../../testkit/nginx/nginx.ts';
import { openBridge, outcomeOf } from './fixture.ts';

/**
 * A real server that nobody here wrote, as the sign-on: nginx with a password file, and with a cookie
 * that it keeps people by.
 */
async function startPasswordFile(
  t: TestContext,
): Promise<Partial<BridgeSettings> & { url: string }> {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'htpasswd');
  writeFileSync(file, 'alice:{PLAIN}correct horse\n', { mode: 0o644 });
  const nginx = await startTestNginx(t, {
    directory,
    http: (port) => `
  map $cookie_sid $known { default ""; s-bob bob; }
  server {
    listen 127.0.0.1:${port};
    access_log off;
    location = /password {
      auth_basic "sign-on";
      auth_basic_user_file ${file};
      try_files /nothing @welcome;
    }
    location @welcome {
      add_header X-User $remote_user;
      add_header X-Asked $http_x_asked;
      return 204;
    }
    location = /cookie {
      if ($known = "") { return 302 https://sso.example.com/?back=$http_x_asked; }
      add_header X-User $known;
      return 200 "welcome";
    }
    location = /closed { deny all; }
  }`,
  });
  return {
    service: 'custom',
    url: `http://127.0.0.1:${nginx.port}`,
    cookies: ['sid'],
    answerHeaders: { subject: 'x-user' },
  };
}

const at = (path: string) => ({
  custom: { path, requestHeaders: { url: ['X-Asked'] }, loginHeader: undefined },
});

test('nginx with a password file says who it is, and who it is not', async (t) => {
  const bridge = openBridge(t, { ...(await startPasswordFile(t)), ...at('/password') });
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.equal(outcomeOf(await bridge.about({}, 0, basic('alice:correct horse'))), 'alice');
  for (const wrong of ['alice:', 'alice:wrong', 'mallory:correct horse']) {
    assert.equal(outcomeOf(await bridge.about({}, 0, basic(wrong))), 'sign_on_denied');
  }
  assert.equal(outcomeOf(await bridge.about()), 'sign_on_denied');
});

test('nginx with a cookie of its own redirects strangers, and nobody follows', async (t) => {
  const bridge = openBridge(t, { ...(await startPasswordFile(t)), ...at('/cookie') });
  assert.equal(outcomeOf(await bridge.about({ cookie: 'a=1; sid=s-bob' })), 'bob');
  assert.deepEqual(await bridge.about({ query: 'a=1&token=S3cret' }), {
    verdict: 'deny',
    reason: 'sign_on_denied',
    login: 'https://sso.example.com/?back=https://app.example.com/socket?a=1',
  });
});

test('nginx that admits nobody, or has nothing there, lets nobody through', async (t) => {
  const settings = await startPasswordFile(t);
  const cookie = 'sid=s-bob';
  const closed = openBridge(t, { ...settings, ...at('/closed') });
  assert.equal(outcomeOf(await closed.about({ cookie })), 'sign_on_forbidden');
  const missing = openBridge(t, { ...settings, ...at('/nothing') });
  assert.equal(outcomeOf(await missing.about({ cookie })), 'sign_on_unavailable');
  assert.deepEqual(missing.reports, ['it answered 404']);
});
