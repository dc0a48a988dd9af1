import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionRecord } from '../../src/core/model/events.ts';
import { identityWithoutToken } from '../../src/core/model/identity.ts';
import { deny } from '../../src/core/model/verdict.ts';
import { createRecentDecisions } from '../../src/telemetry/recent-decisions.ts';

const admitted: DecisionRecord['verdict'] = {
  verdict: 'allow',
  identity: identityWithoutToken('public', ''),
  source: 'public',
};

function decision(requestId: string, facts: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    requestId,
    at: 0,
    milliseconds: 0,
    gate: 'chat',
    matchedBy: 'nginx named it',
    verdict: admitted,
    method: 'GET',
    host: 'app.example.com',
    path: '/ws',
    origin: undefined,
    upgrade: true,
    clientAddress: undefined,
    ...facts,
  };
}

test('no number of admissions makes a denial forgotten', () => {
  const recent = createRecentDecisions();
  recent.events.decided(decision('denied', { verdict: deny('no_credential') }));
  for (let i = 0; i < 5_000; i++) recent.events.decided(decision(`a${i}`, { at: i * 20 }));
  assert.equal(recent.find('denied')?.verdict.verdict, 'deny');
  assert.equal(recent.find('a4999')?.requestId, 'a4999');
});

test('the last 1,000 denials are remembered, the oldest goes first', () => {
  const recent = createRecentDecisions();
  for (let i = 0; i <= 1_000; i++) {
    recent.events.decided(decision(`d${i}`, { verdict: deny('no_credential') }));
  }
  assert.equal(recent.find('d0'), undefined);
  assert.equal(recent.find('d1')?.requestId, 'd1');
  assert.equal(recent.find('d1000')?.requestId, 'd1000');
});

test('of the admissions of one second the first 100 are remembered', () => {
  const recent = createRecentDecisions();
  for (const second of [1, 2]) {
    for (let i = 0; i < 200; i++) {
      recent.events.decided(decision(`s${second}-${i}`, { at: second * 1_000 + i }));
    }
  }
  const isKnown = (id: string) => recent.find(id) !== undefined;
  assert.deepEqual(['s1-0', 's1-99', 's2-0', 's2-99'].map(isKnown), [true, true, true, true]);
  assert.deepEqual(['s1-100', 's2-100', 's2-199'].map(isKnown), [false, false, false]);
});

test('denials that are not written down are not remembered either', () => {
  const recent = createRecentDecisions();
  const tooMany = { record: 'skip' } as NonNullable<ReturnType<typeof deny>['throttle']>;
  recent.events.decided(decision('d', { verdict: { ...deny('throttled'), throttle: tooMany } }));
  assert.equal(recent.find('d'), undefined);
});
