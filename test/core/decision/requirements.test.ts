import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRequirements } from '../../../src/core/decision/requirements.ts';
import { noRequirements } from '../../../src/core/gate/gate.ts';
import { anIdentity } from '../../../testkit/examples.ts';

type Rules = Parameters<typeof checkRequirements>[0];

function outcome(rules: Partial<Rules>, claims: Record<string, unknown>, subject = 'alice') {
  const denial = checkRequirements(
    { ...noRequirements, ...rules },
    anIdentity({ claims, subject }),
  );
  return denial === undefined ? 'met' : [denial.reason, denial.detail].filter(Boolean).join(': ');
}

test('all scopes are needed, in any of the claims that carry them', () => {
  const rules = { scopes: ['chat', 'read'] };
  assert.equal(outcome(rules, { scope: 'read write chat' }), 'met');
  assert.equal(outcome(rules, { scopes: ['chat', 'read'] }), 'met');
  assert.equal(outcome(rules, { scp: ['chat read'] }), 'met');
  assert.equal(outcome(rules, { scope: 'chat' }), 'insufficient_scope');
  assert.equal(outcome(rules, { scope: 'chatread' }), 'insufficient_scope');
  assert.equal(outcome(rules, {}), 'insufficient_scope');
});

test('one group is enough, and a part of its name is not', () => {
  const rules = { groups: ['admins', 'owners'] };
  assert.equal(outcome(rules, { groups: ['users', 'owners'] }), 'met');
  assert.equal(outcome(rules, { groups: 'owners' }), 'met');
  assert.equal(outcome(rules, { groups: ['admins2'] }), 'not_admitted: groups');
  assert.equal(outcome(rules, { groups: 'admins,users' }), 'not_admitted: groups');
  assert.equal(outcome(rules, {}), 'not_admitted: groups');
});

for (const [wanted, held, met] of [
  [['a@example.com'], 'a@example.com', true],
  [['*@example.com'], 'a@example.com', true],
  [['*@example.com'], 'a@example.com.evil', false],
  [['*@example.com'], '@example.com', true],
  [['a*b*c'], 'a-b-b-c', true],
  [['a*b*c'], 'ac', false],
  [['ab*bc'], 'abc', false],
  [['*'], '', true],
  [['gold', 'silver'], 'silver', true],
  [['gold'], ['iron', 'gold'], true],
  [[true], true, true],
  [[true], 'true', false],
  [[3], 3, true],
  [[3], '3', false],
  [['*'], null, false],
  [['*'], { a: 1 }, false],
] as const) {
  test(`a claim ${JSON.stringify(held)} is ${met ? '' : 'not '}${JSON.stringify(wanted)}`, () => {
    const rules = { claims: new Map([['x', wanted]]) };
    assert.equal(outcome(rules, { x: held }), met ? 'met' : 'not_admitted: claim x');
  });
}

test('the subject can be required, and what every object has is no claim', () => {
  assert.equal(outcome({ claims: new Map([['sub', ['alice']]]) }, {}), 'met');
  assert.equal(
    outcome({ claims: new Map([['sub', ['alice']]]) }, { sub: 'alice' }, 'bob'),
    'not_admitted: claim sub',
  );
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.notEqual(outcome({ claims: new Map([[name, ['*']]]) }, {}), 'met');
  }
});

test('a matcher takes time linear in what it reads', () => {
  const long = 'a'.repeat(200_000);
  assert.notEqual(
    outcome({ claims: new Map([['x', [`${'a*'.repeat(40)}b`]]]) }, { x: long }),
    'met',
  );
});
