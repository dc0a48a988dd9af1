import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { buildBridge } from '../../src/config/sign-on/bridge.ts';
import { bridgeSchema, type RawBridge } from '../../src/config/sign-on/bridge-schema.ts';
import type { BridgeSettings } from '../../src/core/model/sign-on-settings.ts';

function build(raw: unknown): { settings: BridgeSettings | undefined; faults: string[] } {
  const faults: string[] = [];
  const settings = buildBridge(raw, (path, message) => faults.push(`${path}: ${message}`));
  return { settings, faults };
}

const base = { service: 'tinyauth', url: 'http://tinyauth:3000' } satisfies RawBridge;
const custom = {
  service: 'custom',
  url: 'http://sso:9000',
  path: '/verify',
  cookies: ['sid'],
  answer_headers: { subject: 'X-User' },
} satisfies RawBridge;

test('a bridge needs no more than its service and where that is', () => {
  assert.deepEqual(build(base), {
    settings: {
      service: 'tinyauth',
      url: 'http://tinyauth:3000',
      headers: 'original',
      cookies: undefined,
      answerHeaders: {},
      login: undefined,
      timeout: 2_800,
      maxRequests: 64,
      keepConnections: true,
      cacheTtl: 0,
      custom: undefined,
    },
    faults: [],
  });
});

test('everything can be said', () => {
  const { settings, faults } = build({
    ...custom,
    login: 'https://sso.example.com/login?back=',
    timeout: '1900ms',
    max_requests: 8,
    keep_connections: false,
    cache: '10s',
    groups_separator: '|',
    request_headers: { url: 'X-Original-URL', client_address: ['X-Real-IP', 'X-Forwarded-For'] },
    answer_headers: {
      subject: 'X-User',
      email: 'X-Mail',
      name: 'X-Name',
      groups: 'X-Groups',
      login: 'X-Login',
    },
  } satisfies RawBridge);
  assert.deepEqual(faults, []);
  assert.deepEqual(settings, {
    service: 'custom',
    url: 'http://sso:9000',
    headers: 'original',
    cookies: ['sid'],
    answerHeaders: {
      subject: 'x-user',
      email: 'x-mail',
      name: 'x-name',
      groups: 'x-groups',
      groupsSeparator: '|',
    },
    login: 'https://sso.example.com/login?back=',
    timeout: 1_900,
    maxRequests: 8,
    keepConnections: false,
    cacheTtl: 10_000,
    custom: {
      path: '/verify',
      requestHeaders: { url: ['X-Original-URL'], client_address: ['X-Real-IP', 'X-Forwarded-For'] },
      loginHeader: 'x-login',
    },
  });
});

const faulty: readonly [raw: object, ...faults: string[]][] = [
  [{ ...base, url: 'tinyauth:3000' }, 'url: is not an address such as http://tinyauth:3000'],
  [{ ...base, url: 'ftp://tinyauth' }, 'url: is not an address such as http://tinyauth:3000'],
  [{ ...base, url: 'http:tinyauth' }, 'url: is not an address such as http://tinyauth:3000'],
  [{ ...base, url: 'http://u:Secret@tinyauth' }, 'url: must not contain a user name or a password'],
  [{ ...base, url: 'http://tinyauth/?a' }, 'url: must not hold a query or a fragment'],
  [{ ...base, timeout: '0s' }, 'timeout: must be from 1s to 30s'],
  [{ ...base, timeout: '31s' }, 'timeout: must be from 1s to 30s'],
  [{ ...base, cache: '2m' }, 'cache: the maximum is 60s'],
  [
    { ...base, service: 'vouch', headers: 'forwarded' },
    'headers: only TinyAuth knows two ways; leave it out for vouch',
  ],
  [{ ...base, cookies: ['*'] }, 'cookies: "*" is no cookie name, nor the beginning of one and a *'],
  [
    { ...base, cookies: ['sid', 'a=b'] },
    'cookies: "a=b" is no cookie name, nor the beginning of one and a *',
  ],
  [
    { ...base, login: '//evil.example/' },
    'login: is neither an address (https://…) nor a path on the same host (/…)',
  ],
  [
    { ...base, login: 'login' },
    'login: is neither an address (https://…) nor a path on the same host (/…)',
  ],
  [
    { ...base, login: 'https://u:p@a.example/' },
    'login: must not contain a user name or a password',
  ],
  [
    { ...base, path: '/x', request_headers: {}, answer_headers: { login: 'X' } },
    'path: is known for tinyauth; leave it out, or set service: custom',
    'request_headers: is known for tinyauth; leave it out, or set service: custom',
    'answer_headers.login: is known for tinyauth; leave it out, or set service: custom',
  ],
  [
    { service: 'custom', url: 'http://sso' },
    'cookies: is needed for a custom service: it gets no other cookies',
    'answer_headers.subject: is needed for a custom service: who is it that got in?',
    'path: is needed for a custom service: where does it answer auth_request?',
  ],
  [
    { ...custom, path: 'verify' },
    'path: starts with a slash and holds printable ASCII characters, no spaces, no #',
  ],
  [
    { ...custom, path: '/a b' },
    'path: starts with a slash and holds printable ASCII characters, no spaces, no #',
  ],
  [
    { ...custom, request_headers: { url: 'X-Url', uri: 'x-url', host: 'Cookie' } },
    'request_headers.uri: x-url tells another fact already',
    'request_headers.host: cookie is not for telling facts',
  ],
];
for (const [raw, ...faults] of faulty) {
  test(`${faults[0]}: ${JSON.stringify(raw).slice(0, 90)}`, () => {
    assert.deepEqual(build(raw).faults, faults);
  });
}

test('a password in an address is not repeated', () => {
  assert.doesNotMatch(String(build({ ...base, url: 'http://u:S3cret@x' }).faults), /S3cret/);
});

test('without a section, or without a service that is known, there is no bridge', () => {
  for (const raw of [undefined, null, 'tinyauth', [], {}, { service: 'keycloak' }]) {
    assert.deepEqual(build(raw), { settings: undefined, faults: [] });
  }
});

test('the schema names what it does not know', () => {
  const wrong = (raw: object) => Value.Errors(bridgeSchema, raw).map((error) => error.instancePath);
  assert.deepEqual(wrong(base), []);
  assert.deepEqual(wrong(custom), []);
  assert.ok(wrong({ ...base, service: 'keycloak' }).includes('/service'));
  assert.ok(wrong({ ...base, timeout: 2_000 }).includes('/timeout'));
  assert.ok(wrong({ ...base, max_requests: 0 }).includes('/max_requests'));
  assert.ok(wrong({ ...base, groups_separator: ', ' }).includes('/groups_separator'));
  assert.notEqual(wrong({ ...base, cookie: 'x' }).length, 0);
  assert.notEqual(wrong({ ...custom, request_headers: { ip: 'X-Real-IP' } }).length, 0);
  assert.notEqual(wrong({ ...custom, answer_headers: { subject: 'X User' } }).length, 0);
});

test('whatever stands there, it is built or reported, never a fault of the program', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('custom', 'tinyauth', '/x', 'http://x', '5s', ['x'], { subject: 1, url: [1] }),
  );
  const keys = fc.constantFrom(...Object.keys(bridgeSchema.properties));
  fc.assert(
    fc.property(fc.dictionary(keys, value), fc.constantFrom('custom', 'vouch'), (raw, service) => {
      build({ ...raw, service });
      build(raw);
    }),
    { numRuns: 2_000, examples: [[{ max_requests: [{ toString: false }] }, 'custom']] },
  );
});
