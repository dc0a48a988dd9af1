import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Token,
  type TokenState,
  tokenState,
  tokenStates,
} from '../../../src/core/model/token.ts';
import { aToken } from '../../../testkit/examples.ts';

const cases: readonly [what: string, facts: Partial<Token>, now: number, state: TokenState][] = [
  ['that never expires', {}, Number.MAX_SAFE_INTEGER, 'active'],
  ['one millisecond before its expiry', { expiresAt: 1_000 }, 999, 'active'],
  ['in the millisecond of its expiry', { expiresAt: 1_000 }, 1_000, 'expired'],
  ['one millisecond past its expiry', { expiresAt: 1_000 }, 1_001, 'expired'],
  ['that expires at the epoch', { expiresAt: 0 }, 0, 'expired'],
  ['revoked in this millisecond', { revokedAt: 1_000 }, 1_000, 'revoked'],
  ['revoked by a clock that is ahead', { revokedAt: 2_000 }, 1_000, 'revoked'],
  ['revoked at the epoch', { revokedAt: 0 }, 1_000, 'revoked'],
  ['never used', { maxUses: 1, uses: 0 }, 0, 'active'],
  ['with one use left', { maxUses: 3, uses: 2 }, 0, 'active'],
  ['with no use left', { maxUses: 3, uses: 3 }, 0, 'used'],
  ['used more often than it may be', { maxUses: 3, uses: 4 }, 0, 'used'],
  ['whose uses are not counted', { maxUses: undefined, uses: 99 }, 0, 'active'],
  ['used up and expired', { maxUses: 1, uses: 1, expiresAt: 5 }, 5, 'expired'],
  ['used up and not yet expired', { maxUses: 1, uses: 1, expiresAt: 5 }, 4, 'used'],
  ['used up and revoked', { maxUses: 1, uses: 1, revokedAt: 5 }, 9, 'revoked'],
  ['expired and revoked', { expiresAt: 5, revokedAt: 6 }, 9, 'revoked'],
  ['all of it', { maxUses: 1, uses: 1, expiresAt: 5, revokedAt: 6 }, 9, 'revoked'],
];

for (const [what, facts, now, state] of cases) {
  test(`a token ${what} is ${state}`, () => {
    assert.equal(tokenState(aToken(facts), now), state);
  });
}

test('the states are these, and no others', () => {
  assert.deepEqual(tokenStates, ['active', 'pending', 'used', 'expired', 'revoked']);
});

test('a token that has ended is not active again, however the time goes on', () => {
  const time = fc.option(fc.nat(20), { nil: undefined });
  const facts = fc.record({ expiresAt: time, revokedAt: time, maxUses: time, uses: fc.nat(20) });
  fc.assert(
    fc.property(facts, fc.nat(20), fc.nat(20), (token, now, later) => {
      if (tokenState(aToken(token), now) === 'active') return;
      assert.notEqual(tokenState(aToken(token), now + later), 'active');
    }),
  );
});
