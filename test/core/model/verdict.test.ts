import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denialStatus, renderChallenge } from '../../../src/core/model/denial-response.ts';
import { type DenialCode, denials } from '../../../src/core/model/denials.ts';
import { deny, isDenial } from '../../../src/core/model/verdict.ts';
import { anIdentity } from '../../../testkit/examples.ts';

/** Status for an ordinary request, status for an upgrade, `error` of the challenge. The codes are API. */
const table: Readonly<
  Record<DenialCode, readonly [page: number, upgrade: number, error?: string]>
> = {
  untrusted_proxy: [401, 401],
  malformed_request: [401, 401],
  no_gate: [403, 401],
  ambiguous_path: [403, 401],
  upgrade_not_websocket: [401, 401],
  origin_not_allowed: [403, 401],
  no_credential: [401, 401],
  malformed_credential: [401, 401, 'invalid_token'],
  unknown_token: [401, 401, 'invalid_token'],
  expired: [401, 401, 'invalid_token'],
  revoked: [401, 401, 'invalid_token'],
  already_used: [401, 401, 'invalid_token'],
  not_yet_valid: [401, 401, 'invalid_token'],
  wrong_gate: [403, 401],
  path_not_allowed: [403, 401],
  network_not_allowed: [403, 401],
  kind_not_accepted: [403, 401],
  insufficient_scope: [403, 401, 'insufficient_scope'],
  not_admitted: [403, 401],
  invalid_signature: [401, 401, 'invalid_token'],
  wrong_audience: [401, 401, 'invalid_token'],
  too_early: [401, 401],
  throttled: [401, 401],
  too_many_sessions: [403, 401],
  issuer_unavailable: [503, 503],
  sign_on_denied: [401, 401],
  sign_on_forbidden: [403, 401],
  sign_on_unavailable: [503, 503],
  store_unavailable: [503, 503],
  internal_error: [503, 503],
};
const codes = Object.keys(denials) as DenialCode[];

for (const code of codes) {
  const [page, upgrade, error] = table[code] ?? [];
  test(`${code} is answered with ${page}, and ${upgrade} to an upgrade`, () => {
    assert.equal(denialStatus(code, false), page);
    assert.equal(denialStatus(code, true), upgrade);
  });
  test(`${code} has the challenge that RFC 6750 asks for`, () => {
    const challenge = error === undefined ? '' : `, error="${error}"`;
    assert.equal(renderChallenge('chat', code), `Bearer realm="chat"${challenge}`);
  });
}

test('no denial lets anything through or redirects, and no upgrade gets a 403', () => {
  for (const code of codes) {
    for (const upgrading of [true, false]) assert.ok(denialStatus(code, upgrading) >= 400, code);
    assert.notEqual(denialStatus(code, true), 403, code);
  }
});

test('no code was renamed or dropped', () => {
  assert.deepEqual(codes.toSorted(), Object.keys(table).toSorted());
});

test('every denial says in a sentence what happened', () => {
  for (const code of codes) {
    assert.match(denials[code].meaning, /^[A-Z].+\.$/, code);
    assert.match(code, /^[a-z]+(?:_[a-z]+)*$/);
  }
});

test('a denial carries its reason, and a detail only when there is one', () => {
  assert.deepEqual(deny('expired'), { verdict: 'deny', reason: 'expired' });
  assert.deepEqual(deny('malformed_request', 'Origin'), {
    verdict: 'deny',
    reason: 'malformed_request',
    detail: 'Origin',
  });
});

test('only a denial is one', () => {
  assert.equal(isDenial(deny('expired')), true);
  const others = [undefined, null, '', 'deny', 0, {}, { verdict: 'allow' }, anIdentity(), ['deny']];
  assert.deepEqual(others.filter(isDenial), []);
});
