import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';

test('an answer may be kept for as long as its gate and its token allow, and no other may', async (t) => {
  const signOn = await startSignOn(t, 'tinyauth');
  const bridge = (cache: string) => `{ service: tinyauth, url: "${signOn.url}", cache: ${cache} }`;
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    config,
    `
gates:
  kept: { cache: 60s, public: [/open], bridge: ${bridge('0s')} }
  bridged: { cache: 60s, bridge: ${bridge('5s')} }
  fresh: {}
  once: { cache: 60s, max_uses: 3 }
`,
  );
  const now = Date.now();
  const postern = await startTestPostern(t, { config, clock: () => now });
  const cacheControl = async (gate: string, uri: string, headers: Record<string, string> = {}) => {
    const asked = { 'x-postern-gate': gate, 'x-original-uri': uri, ...headers };
    const { status, headers: answered } = await ask(postern.gate, asked);
    return [status, answered['cache-control']];
  };
  const issue = async (body: object) => `/?token=${(await postern.issue({ ...body })).token}`;
  const long = await issue({});
  assert.deepEqual(await cacheControl('kept', long), [200, 'max-age=60']);
  assert.deepEqual(await cacheControl('fresh', long), [200, 'no-store']);
  // nginx counts whole seconds: one less than the token has left.
  assert.deepEqual(await cacheControl('kept', await issue({ expires_in: '20s' })), [
    200,
    'max-age=19',
  ]);
  assert.deepEqual(await cacheControl('kept', await issue({ expires_in: '1s' })), [
    200,
    'no-store',
  ]);
  assert.deepEqual(await cacheControl('once', await issue({ max_uses: 3 })), [200, 'no-store']);
  const ticket = (await postern.issueTicket()).token;
  assert.deepEqual(await cacheControl('kept', `/?token=${ticket}`), [200, 'no-store']);
  assert.deepEqual(await cacheControl('kept', '/open'), [200, 'max-age=60']);
  assert.deepEqual(await cacheControl('kept', '/?token=bad'), [401, 'no-store']);
  const cookie = { cookie: sessions.tinyauth.alice };
  assert.deepEqual(await cacheControl('kept', '/', cookie), [200, 'no-store']);
  assert.deepEqual(await cacheControl('bridged', '/', cookie), [200, 'max-age=60']);
});

test('an answer is kept no longer than the assertion in it is good', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    config,
    `
assertion: { ttl: 10s }
gates:
  signed: { cache: 60s, assertion: true }
  briefly: { cache: 5s, assertion: true }
  plain: { cache: 60s }
`,
  );
  let now = 1_800_000_000_000;
  const postern = await startTestPostern(t, { config, clock: () => now });
  const token = (await postern.issue({ expires_in: '1h' })).token;
  const kept = async (gate: string) => {
    const asked = { 'x-postern-gate': gate, 'x-original-uri': `/?token=${token}` };
    const { headers } = await ask(postern.gate, asked);
    const jwt = String(headers['x-postern-assertion']).split('.')[1];
    const { exp } = JSON.parse(Buffer.from(jwt ?? 'e30', 'base64url').toString()) as {
      exp?: number;
    };
    return { control: headers['cache-control'], exp };
  };
  assert.deepEqual(await kept('signed'), { control: 'max-age=9', exp: now / 1_000 + 10 });
  assert.equal((await kept('briefly')).control, 'max-age=5');
  assert.equal((await kept('plain')).control, 'max-age=60');
  // An assertion counts whole seconds from the last one on; nginx, from the next one on.
  now += 900;
  const { control, exp = 0 } = await kept('signed');
  assert.equal(control, 'max-age=8');
  const end = Math.ceil(now / 1_000) + Number(control?.split('=')[1]);
  assert.ok(end < exp, `${end} ${exp}`);
});
