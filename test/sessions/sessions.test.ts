import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { type GuardedSite, startSite } from '../../testkit/nginx/site.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestPostern, type TestPosternOptions } from '../../testkit/postern/start.ts';

async function startSessionSite(t: TestContext, options: TestPosternOptions = {}) {
  const postern = await startTestPostern(t, options);
  const site = await startSite(t, {
    gate: postern.gate,
    locations: (backend, include) => `
      location / {
        set $postern_login "/.postern/login?rd=";
        ${include('postern-location.conf')} ${include('postern-proxy.conf')} ${backend}
      }`,
  });
  return { postern, site };
}

/** Asks below `/.postern/` through nginx. */
function call(
  site: GuardedSite,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; json?: unknown; form?: Record<string, string> } = {},
): Promise<Response> {
  const { headers, json, form } = options;
  return fetch(`${site.url}/.postern${path}`, {
    method,
    redirect: 'manual',
    headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }) },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(form !== undefined && { body: new URLSearchParams(form) }),
  });
}

/** What Postern says about who is there. */
interface Who {
  readonly signed_in: boolean;
  readonly subject?: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly meaning?: string;
}

async function whoIs(site: GuardedSite, cookie: string): Promise<Who> {
  const answer = await call(site, 'GET', '/session', { headers: { cookie } });
  return (await answer.json()) as Who;
}

/** The cookie pair that an answer sets. */
function cookieOf(answer: Response): string {
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

test('a token becomes a session in a cookie that opens sockets, until it is signed out', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token } = await postern.issue({ subject: 'alice' });
  const signIn = await call(site, 'POST', '/session', { json: { token } });
  assert.equal(signIn.status, 204);
  const [setCookie = ''] = signIn.headers.getSetCookie();
  assert.match(setCookie, /^__Host-postern=pst_[0-9A-Za-z]{49}; /);
  for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Expires=']) {
    assert.ok(setCookie.includes(attribute), attribute);
  }
  assert.doesNotMatch(setCookie, /Domain|Partitioned/);
  assert.ok(!setCookie.includes(token));
  const cookie = cookieOf(signIn);

  const headers = { cookie, origin: site.url };
  const socket = await tryHandshake(`${site.socketUrl}/ws`, headers);
  assert.equal(socket.status, 101);
  assert.equal(socket.seen?.headers['remote-user'], 'alice');

  const who = await whoIs(site, cookie);
  assert.equal(who.signed_in, true);
  assert.equal(who.subject, 'alice');
  assert.equal(who.kind, 'session');

  const signOut = await call(site, 'DELETE', '/session', { headers });
  assert.equal(signOut.status, 204);
  assert.match(
    signOut.headers.getSetCookie()[0] ?? '',
    /^__Host-postern=; .*Expires=Thu, 01 Jan 1970/,
  );
  assert.equal((await tryHandshake(`${site.socketUrl}/ws`, headers)).status, 401);
  assert.equal(postern.lastDecision().reason, 'revoked');
  const after = await whoIs(site, cookie);
  assert.deepEqual([after.signed_in, after.reason], [false, 'revoked']);
});

test('a ticket buys one session', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token } = await postern.issueTicket();
  assert.equal((await call(site, 'POST', '/session', { json: { token } })).status, 204);
  const again = await call(site, 'POST', '/session', { json: { token } });
  assert.equal(again.status, 401);
  assert.equal(((await again.json()) as Who).reason, 'already_used');
  assert.deepEqual(again.headers.getSetCookie(), []);
});

test('a session cannot be traded for another, which would outlive its token', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token } = await postern.issue();
  const signIn = await call(site, 'POST', '/session', { json: { token } });
  const [, secret = ''] = cookieOf(signIn).split('=');
  const again = await call(site, 'POST', '/session', { json: { token: secret } });
  assert.equal(again.status, 401);
  assert.deepEqual(again.headers.getSetCookie(), []);
});

test('a Bearer token signs in as well', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token } = await postern.issue();
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await call(site, 'POST', '/session', { headers })).status, 204);
});

test('who is denied learns why, and what to do', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token, id } = await postern.issue();
  await postern.api('DELETE', `/v1/tokens/${id}`);
  const look = async (query: string) => {
    const answer = await call(site, 'GET', `/session${query}`);
    assert.equal(answer.status, 200);
    return (await answer.json()) as Who;
  };
  assert.equal((await look('')).reason, 'no_credential');
  const revoked = await look(`?token=${token}`);
  assert.equal(revoked.reason, 'revoked');
  assert.match(revoked.meaning ?? '', /revoked/);
  const ticket = await postern.issueTicket();
  const good = await look(`?token=${ticket.token}`);
  assert.equal(good.signed_in, true);
  const socket = await tryHandshake(`${site.socketUrl}/ws?token=${ticket.token}`);
  assert.equal(socket.status, 101, 'looking does not use a ticket up');
});

test('only pages of allowed origins may sign in, and they get CORS headers', async (t) => {
  const { postern, site } = await startSessionSite(t, {
    env: { POSTERN_DEFAULT_GATE_ORIGINS: 'same,https://www.example.com' },
  });
  const { token } = await postern.issue();
  const allowed = 'https://www.example.com';
  const preflight = await call(site, 'OPTIONS', '/session', { headers: { origin: allowed } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), allowed);
  assert.equal(preflight.headers.get('access-control-allow-credentials'), 'true');
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Content-Type/);
  assert.equal(preflight.headers.get('vary'), 'Origin');
  const signIn = await call(site, 'POST', '/session', {
    headers: { origin: allowed },
    json: { token },
  });
  assert.equal(signIn.status, 204);
  assert.equal(signIn.headers.get('access-control-allow-origin'), allowed);
  for (const origin of ['https://evil.example', 'null']) {
    for (const [method, options] of [
      ['OPTIONS', {}],
      ['GET', {}],
      ['DELETE', {}],
      ['POST', { json: { token } }],
      ['POST', { form: { token } }],
    ] as const) {
      const answer = await call(site, method, '/session', { headers: { origin }, ...options });
      assert.equal(answer.status, 403, `${method} ${origin}`);
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
      assert.deepEqual(answer.headers.getSetCookie(), []);
    }
  }
});

test('a form without an Origin, as a foreign page could send it, signs nobody in', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token } = await postern.issue();
  for (const path of ['/session', '/login']) {
    const answer = await call(site, 'POST', path, { form: { token } });
    assert.equal(answer.status, 403, path);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  }
  const own = await call(site, 'POST', '/session', {
    headers: { origin: site.url },
    form: { token },
  });
  assert.equal(own.status, 204);
});

test('a session ends with the token it came from, and with its subject', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const open = async (token: string) =>
    cookieOf(await call(site, 'POST', '/session', { json: { token } }));
  const reason = async (cookie: string) => (await whoIs(site, cookie)).reason;
  const first = await postern.issue({ subject: 'alice' });
  const second = await postern.issue({ subject: 'alice' });
  const [one, two] = [await open(first.token), await open(second.token)];
  await postern.api('DELETE', `/v1/tokens/${first.id}`);
  assert.deepEqual([await reason(one), await reason(two)], ['revoked', undefined]);
  const { body } = await postern.api('POST', '/v1/tokens/revoke', { subject: 'alice' });
  assert.equal((body as { revoked: number }).revoked, 2);
  assert.equal(await reason(two), 'revoked');
});

test('a session lives no longer than the token it came from, and keeps its bounds', async (t) => {
  let now = Date.now();
  const { postern, site } = await startSessionSite(t, { clock: () => now, singleProcess: true });
  const { token } = await postern.issue({
    expires_in: '1h',
    paths: ['/rooms/1'],
    gates: ['default'],
  });
  const cookie = cookieOf(await call(site, 'POST', '/session', { json: { token } }));
  const handshake = async (path: string) =>
    (await tryHandshake(site.socketUrl + path, { cookie, origin: site.url })).status;
  assert.equal(await handshake('/rooms/1'), 101);
  assert.equal(await handshake('/rooms/2'), 401);
  assert.equal(postern.lastDecision().reason, 'path_not_allowed');
  now += 3_600_000;
  assert.equal(await handshake('/rooms/1'), 401);
  assert.equal(postern.lastDecision().reason, 'expired');
});

test('a fixed session ends after its ttl, a sliding one lives while it is used, up to its bound', async (t) => {
  const hour = 3_600_000;
  for (const expiry of ['fixed', 'sliding']) {
    let now = Date.now();
    const { postern, site } = await startSessionSite(t, {
      clock: () => now,
      singleProcess: true,
      env: {
        POSTERN_SESSIONS_TTL: '2h',
        POSTERN_SESSIONS_MAX_TTL: '5h',
        POSTERN_SESSIONS_EXPIRY: expiry,
      },
    });
    const { token } = await postern.issue({ expires_in: 'never' });
    const cookie = cookieOf(await call(site, 'POST', '/session', { json: { token } }));
    const good: number[] = [];
    for (let hours = 1; hours <= 6; hours++) {
      now += hour;
      const headers = { cookie, origin: site.url };
      if ((await tryHandshake(`${site.socketUrl}/ws`, headers)).status === 101) good.push(hours);
    }
    assert.deepEqual(good, expiry === 'fixed' ? [1] : [1, 2, 3, 4], expiry);
  }
});

test('the cookie can be shared with subdomains and partitioned', async (t) => {
  const { postern, site } = await startSessionSite(t, {
    env: {
      POSTERN_SESSIONS_COOKIE: '__Secure-postern',
      POSTERN_SESSIONS_DOMAIN: 'example.com',
      POSTERN_SESSIONS_SAME_SITE: 'none',
      POSTERN_SESSIONS_PARTITIONED: 'true',
    },
  });
  const { token } = await postern.issue();
  const signIn = await call(site, 'POST', '/session', { json: { token } });
  const [setCookie = ''] = signIn.headers.getSetCookie();
  for (const part of ['__Secure-postern=', 'Domain=example.com', 'SameSite=None', 'Partitioned']) {
    assert.ok(setCookie.includes(part), part);
  }
});

test('a session cookie comes before a cookie that a script could have planted', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const alice = await postern.issue({ subject: 'alice' });
  const mallory = await postern.issue({ subject: 'mallory' });
  const cookie = cookieOf(await call(site, 'POST', '/session', { json: { token: alice.token } }));
  const outcome = await tryHandshake(`${site.socketUrl}/ws`, {
    cookie: `postern_token=${mallory.token}; ${cookie}`,
    origin: site.url,
  });
  assert.equal(outcome.seen?.headers['remote-user'], 'alice');
});

test('a cookie that a sibling host planted signs nobody in, alone or beside a session', async (t) => {
  const config = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(
    config,
    `
gates:
  people: { hosts: [people.test], login: "/.postern/login?rd={url}" }
  none: { hosts: [none.test], cookies: [__Host-postern] }
  player: { hosts: [player.test], cookies: [AUTH], login: "https://id.test/?rd={url}" }
  pages: { hosts: [pages.test] }
`,
  );
  const postern = await startTestPostern(t, { config });
  const { token: hers } = await postern.issue({ subject: 'alice' });
  const { token: planted } = await postern.issue({ subject: 'mallory' });
  const at = (host: string, uri: string) => ({
    host,
    'x-original-uri': uri,
    'x-forwarded-proto': 'https',
  });
  const send = (host: string, method: string, headers: Record<string, string>) =>
    ask(
      postern.gate,
      { ...at(host, '/.postern/session'), origin: `https://${host}`, ...headers },
      { method, path: '/.postern/session' },
    );
  const page = async (host: string, cookie: string) => {
    const { status, headers } = await ask(postern.gate, { ...at(host, '/'), cookie });
    return status === 200 ? headers['remote-user'] : status;
  };
  for (const host of ['people.test', 'none.test', 'player.test', 'pages.test']) {
    const signedIn = await send(host, 'POST', { authorization: `Bearer ${hers}` });
    const session = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
    assert.match(session, /^__Host-postern=pst_/);
    for (const name of ['postern_token', 'AUTH']) {
      const cookie = `${name}=${planted}`;
      for (const both of [`${cookie}; ${session}`, `${session}; ${cookie}`]) {
        assert.equal(await page(host, both), 'alice', `${host} ${name}`);
        const who = JSON.parse((await send(host, 'GET', { cookie: both })).body) as Who;
        assert.equal(who.subject, 'alice', `${host} ${name}`);
      }
      const alone = JSON.parse((await send(host, 'GET', { cookie })).body) as Who;
      const isChosen = host === 'player.test' && name === 'AUTH';
      assert.deepEqual(
        [alone.signed_in, alone.subject],
        isChosen ? [true, 'mallory'] : [false, undefined],
        `${host} ${name}`,
      );
      const made = await send(host, 'POST', { cookie, 'content-type': 'application/json' });
      assert.deepEqual([made.status, made.headers['set-cookie']], [400, undefined], host);
    }
    // A session that has ended is no reason to take what was planted.
    await send(host, 'DELETE', { cookie: session });
    assert.equal(await page(host, `postern_token=${planted}; AUTH=${planted}; ${session}`), 401);
  }
  assert.equal(await page('people.test', `postern_token=${planted}`), 401);
  assert.equal(await page('none.test', `postern_token=${planted}`), 401);
  // Where the application sets a cookie of its own, and where nobody has a session, it counts.
  assert.equal(await page('player.test', `AUTH=${planted}`), 'mallory');
  assert.equal(await page('pages.test', `postern_token=${planted}`), 'mallory');
});

test('a denied page load goes to the login page and comes back, without the token that failed', async (t) => {
  const { postern, site } = await startSessionSite(t);
  const { token } = await postern.issue();
  const page = await tryPage(`${site.url}/rooms?a=1&token=pst_bad&b=2`);
  assert.equal(page.status, 302);
  const location = String(page.headers.location);
  const back = encodeURIComponent(`${site.url}/rooms?a=1&b=2`);
  assert.equal(location, `/.postern/login?rd=${back}`);
  const login = await fetch(site.url + location);
  const html = await login.text();
  assert.equal(login.status, 200);
  assert.match(html, /name="rd" value="[^"]*\/rooms\?a=1&amp;b=2"/);
  assert.match(login.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  const form = await call(site, 'POST', '/login', {
    headers: { origin: site.url },
    form: { token, rd: `${site.url}/rooms?a=1&b=2` },
  });
  assert.equal(form.status, 303);
  assert.match(form.headers.get('location') ?? '', /\/rooms\?a=1&b=2$/);
  const wrong = await call(site, 'POST', '/login', {
    headers: { origin: site.url },
    form: { token: 'pst_wrong', rd: '/' },
  });
  assert.equal(wrong.status, 401);
  assert.match(await wrong.text(), /cannot be a token/);
});

test('return addresses elsewhere are replaced by the start page', async (t) => {
  const { postern, site } = await startSessionSite(t, {
    env: { POSTERN_DEFAULT_GATE_ORIGINS: 'same,https://www.example.com' },
  });
  const { token } = await postern.issue();
  const go = async (rd: string) => {
    const answer = await call(site, 'POST', '/login', {
      headers: { origin: site.url },
      form: { token, rd },
    });
    return answer.headers.get('location');
  };
  const refused = [
    '//evil.example',
    '/\\evil.example',
    '/..//evil.example',
    '/.//evil.example',
    '/a/../..//evil.example/b',
    '..//evil.example',
    '/./\\evil.example',
    '\\\\evil.example',
    '\t//evil.example',
    '/\t/evil.example',
    'https://evil.example/',
    'https:evil.example',
    'https://www.example.com.evil.example/',
    'https://www.example.com@evil.example/',
    'https://user@www.example.com/',
    'http://www.example.com/',
    'javascript:alert(1)',
    'data:text/html,x',
    '',
    'https://',
  ];
  for (const rd of refused) assert.equal(await go(rd), '/', JSON.stringify(rd));
  assert.equal(await go('/rooms?x=1#y'), '/rooms?x=1#y');
  assert.equal(await go('https://www.example.com/a?b'), 'https://www.example.com/a?b');
  assert.equal(await go('/a\r\nSet-Cookie: x=1'), '/aSet-Cookie:%20x=1');
});

test('a body that cannot be read is a problem with a code, and shows nothing of the inside', async (t) => {
  const { site } = await startSessionSite(t);
  const send = (body: string, type = 'application/json') =>
    fetch(`${site.url}/.postern/session`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
  for (const [body, code] of [
    ['{', 'malformed_body'],
    ['{}', 'validation_failed'],
    ['{"token":5}', 'validation_failed'],
  ] as const) {
    const answer = await send(body);
    assert.equal(answer.status, 400, body);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal(((await answer.json()) as { code: string }).code, code);
  }
});
