import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const page = readFileSync(join(packageRoot, 'docs/protocol.md'), 'utf8');

/** The text below a heading, up to the next one. */
function section(heading: string): string {
  const [, text] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  assert.ok(text, heading);
  return text.split(/^#/m)[0] ?? '';
}

/** The names in the first column of the tables in a text. */
function names(text: string): string[] {
  return [...text.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

test('the subrequest of docs/protocol.md is what the shipped files send, and nothing else', () => {
  const file = readFileSync(join(packageRoot, 'nginx/postern-server.conf'), 'utf8');
  const [, location = ''] = /^location \^~ \/\.postern\/auth \{(.*?)^\}/ms.exec(file) ?? [];
  const sent = [...location.matchAll(/proxy_set_header (\S+) \$/g)].map(([, name]) => name);
  const [first = ''] = section('The subrequest').split('other dialects');
  assert.deepEqual(names(first), sent);
});

test('every header that docs/protocol.md gives as another name is read as that', async (t) => {
  const postern = await startTestPostern(t, {
    env: {
      POSTERN_GATES: '{"rooms":{"paths":["/rooms"],"networks":{"allow":["203.0.113.0/24"]}}}',
    },
  });
  const { token } = await postern.issue();
  const bearer = { authorization: `Bearer ${token}`, 'x-original-uri': '' };
  for (const [name, value] of [
    ['X-Forwarded-Uri', '/rooms'],
    ['X-Original-URL', 'https://app.example.com/rooms'],
  ] as const) {
    assert.ok(names(section('The subrequest')).includes(name));
    assert.equal((await ask(postern.gate, { ...bearer, [name]: value })).status, 200, name);
    assert.equal((await ask(postern.gate, { ...bearer, [name]: '/other' })).reason, 'no_gate');
  }
  const rooms = { ...bearer, 'x-original-uri': '/rooms' };
  const posted = await ask(postern.gate, {
    ...rooms,
    upgrade: 'websocket',
    'x-forwarded-method': 'POST',
  });
  assert.equal(posted.reason, 'upgrade_not_websocket');
  const hops = await ask(postern.gate, {
    ...rooms,
    'x-real-ip': '',
    'x-forwarded-for': '203.0.113.9, 192.0.2.1, 127.0.0.1',
  });
  assert.equal(hops.reason, 'network_not_allowed');
});

test('answers have the headers of docs/protocol.md, and no others', async (t) => {
  const postern = await startTestPostern(t, {
    env: {
      POSTERN_DEFAULT_GATE_ASSERTION: 'true',
      POSTERN_DEFAULT_GATE_FORWARD_AUTHORIZATION: 'true',
      POSTERN_DEFAULT_GATE_LOGIN: 'https://login.example.com/?rd={url}',
      POSTERN_THROTTLE_FAILURES: '1',
    },
  });
  const { token } = await postern.issue();
  const usual = ['content-length', 'date', 'connection', 'keep-alive'];
  const seen = async (asked: Parameters<typeof ask>[1][]) => {
    const found = new Set<string>();
    for (const headers of asked) {
      const { headers: answered } = await ask(postern.gate, headers);
      for (const name of Object.keys(answered)) if (!usual.includes(name)) found.add(name);
    }
    return [...found].sort();
  };
  const lower = (text: string) => names(text).map((name) => name.toLowerCase());
  const authorization = `Bearer ${token}`;
  const allowed = await seen([
    { ...handshakeHeaders, authorization, 'sec-websocket-protocol': 'postern, chat.v2' },
    {
      ...handshakeHeaders,
      'sec-websocket-protocol': `postern, postern.bearer64.${Buffer.from(token).toString('base64url')}`,
    },
  ]);
  assert.deepEqual(
    allowed,
    lower(section('Allow'))
      .filter((name) => name !== 'headers')
      .sort(),
  );
  const wrong = { authorization: `Bearer ${token.slice(0, -1)}` };
  const denied = await seen([{}, wrong, wrong, wrong]);
  assert.deepEqual(denied, lower(section('Denial')).sort());
});

test('nginx keeps every X-Postern header of docs/protocol.md from the client', () => {
  const file = readFileSync(join(packageRoot, 'nginx/postern-server.conf'), 'utf8');
  const hidden = [...file.matchAll(/proxy_hide_header (\S+);/g)].map(([, name]) => name);
  const answered = names(section('Allow') + section('Denial'));
  const internal = answered.filter((name) => /^(?:X-Postern|Remote)-/.test(name));
  assert.ok(internal.length > 12);
  assert.deepEqual(
    internal.filter((name) => !hidden.includes(name)),
    [],
  );
});

test('a session has the answers and the cookie of docs/protocol.md', async (t) => {
  const postern = await startTestPostern(t);
  const { token } = await postern.issue();
  const { port, host } = postern.gate as { port: number; host: string };
  const url = `http://${host}:${port}/.postern`;
  const headers = {
    'content-type': 'application/json',
    'x-original-uri': '/.postern/session',
    'x-forwarded-proto': 'https',
    origin: `https://${host}`,
  };
  const opened = await fetch(`${url}/session`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ token }),
  });
  assert.equal(opened.status, 204);
  assert.equal(opened.headers.get('access-control-allow-credentials'), 'true');
  assert.equal(opened.headers.get('cache-control'), 'no-store');
  const [set = ''] = opened.headers.getSetCookie();
  const [, documented = ''] = /The cookie is `([^`]+)` by default: `([^`]+)`/.exec(page) ?? [];
  assert.ok(set.startsWith(`${documented}=pst_`), set);
  for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Expires=']) {
    assert.ok(set.includes(`; ${attribute}`), attribute);
  }
  const cookie = set.split(';')[0] ?? '';
  const state = (await (
    await fetch(`${url}/session`, { headers: { ...headers, cookie } })
  ).json()) as object;
  assert.deepEqual(Object.keys(state), ['signed_in', 'subject', 'kind', 'expires_at']);
  const refused = await fetch(`${url}/session`, { headers });
  assert.deepEqual(Object.keys((await refused.json()) as object), [
    'signed_in',
    'reason',
    'meaning',
  ]);
  const ended = await fetch(`${url}/session`, {
    method: 'DELETE',
    headers: { ...headers, cookie },
  });
  assert.equal(ended.status, 204);
});
