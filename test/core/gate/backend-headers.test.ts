import assert from 'node:assert/strict';
import { validateHeaderValue } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderBackendHeaders } from '../../../src/core/gate/backend-headers.ts';
import type { Identity } from '../../../src/core/model/identity.ts';
import { aGate, anIdentity } from '../../../testkit/examples.ts';

function headersOf(facts: Partial<Identity>): Record<string, string> {
  return Object.fromEntries(renderBackendHeaders(aGate(), anIdentity(facts)));
}

test('an identity with all claims fills every header', () => {
  const claims = { email: 'alice@example.com', name: 'Alice', groups: ['admin', 'chat'] };
  assert.deepEqual(renderBackendHeaders(aGate(), anIdentity({ claims })), [
    ['Remote-User', 'alice'],
    ['Remote-Email', 'alice@example.com'],
    ['Remote-Name', 'Alice'],
    ['Remote-Groups', 'admin,chat'],
    ['X-Postern-Token-Id', 'tok_alice'],
  ]);
});

test('headers without a value are sent empty, so that a client cannot send its own', () => {
  assert.deepEqual(renderBackendHeaders(aGate(), anIdentity()), [
    ['Remote-User', 'alice'],
    ['Remote-Email', ''],
    ['Remote-Name', ''],
    ['Remote-Groups', ''],
    ['X-Postern-Token-Id', 'tok_alice'],
  ]);
});

const names: readonly [what: string, claim: unknown, header: string][] = [
  ['plain text', 'Alice', 'Alice'],
  ['text in UTF-8, as octets', 'Zoë 😀', 'Zo\u00c3\u00ab \u00f0\u009f\u0098\u0080'],
  ['white space around it', '  Alice ', 'Alice'],
  ['a tab within', 'A\tB', ''],
  ['a carriage return', 'Alice\rX: y', ''],
  ['a line feed', 'Alice\nX: y', ''],
  ['both', 'Alice\r\nRemote-Groups: admin', ''],
  ['a line feed at the end', 'Alice\n', ''],
  ['a line feed at the start', '\nAlice', ''],
  ['an escape character', '\u001b[31mAlice', ''],
  ['a NUL', 'Al\u0000ice', ''],
  ['a DEL', 'Alice\u007f', ''],
  ['half a surrogate pair', 'A\ud83d', 'A\u00ef\u00bf\u00bd'],
  ['a right-to-left override', 'Alice\u202ecilA', ''],
  ['an isolate that is not ended', '\u2067Alice', ''],
  ['a separator of lines', 'Alice\u2028root', ''],
  ['a separator of paragraphs', 'Alice\u2029root', ''],
  ['a space that is not seen', 'Al\u200bice', ''],
  ['a byte order mark', '\ufeffAl\ufeffice', ''],
  ['an emoji of several', '👩\u200d💻', Buffer.from('👩\u200d💻').toString('latin1')],
  ['commas', 'Liddell, Alice', 'Liddell, Alice'],
  ['a number', 7, '7'],
  ['nothing but a zero', 0, '0'],
  ['a fraction', 1.5, '1.5'],
  ['true', true, 'true'],
  ['false', false, 'false'],
  ['null', null, ''],
  ['an empty text', '', ''],
  ['an object', { a: 1 }, ''],
  ['an empty list', [], ''],
];

for (const [what, claim, header] of names) {
  test(`a claim of ${what} becomes ${JSON.stringify(header)}`, () => {
    assert.equal(headersOf({ claims: { name: claim } })['Remote-Name'], header);
  });
}

const lists: readonly [what: string, groups: unknown, header: string][] = [
  ['one group', ['admin'], 'admin'],
  ['several groups in order', ['b', 'a', 'c'], 'b,a,c'],
  ['a group with a comma, which would be two', ['chat', 'x,admin'], 'chat'],
  ['a group with a line feed', ['chat', 'x\nadmin', 'y'], 'chat,y'],
  ['a group with a right-to-left override', ['chat', 'x\u202eadmin', 'y'], 'chat,y'],
  ['an empty group', ['', 'chat', ' '], 'chat'],
  ['numbers', [1, 'chat', 2], '1,chat,2'],
  ['groups within groups', [['admin'], { admin: true }, null, 'chat'], 'chat'],
  ['nothing but what is left out', ['a,b'], ''],
  ['text in UTF-8', ['é'], '\u00c3\u00a9'],
];

for (const [what, groups, header] of lists) {
  test(`a list of ${what} becomes ${JSON.stringify(header)}`, () => {
    assert.equal(headersOf({ claims: { groups } })['Remote-Groups'], header);
  });
}

test('a subject that could break the header apart is sent as nobody', () => {
  assert.equal(headersOf({ subject: 'alice\r\nRemote-User: admin' })['Remote-User'], '');
});

test('what every object has is no claim', () => {
  const gate = aGate({
    headers: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((claim) => ({
      name: `X-${claim}`,
      field: { claim },
    })),
  });
  const values = renderBackendHeaders(gate, anIdentity()).map(([, value]) => value);
  assert.deepEqual(values, ['', '', '', '']);
});

test('a claim with the name __proto__ is a claim like any other', () => {
  const claims = JSON.parse('{"__proto__": "mallory", "email": "a@example.com"}');
  const gate = aGate({ headers: [{ name: 'X', field: { claim: '__proto__' } }] });
  assert.deepEqual(renderBackendHeaders(gate, anIdentity({ claims })), [['X', 'mallory']]);
  assert.equal(headersOf({ claims })['Remote-Email'], 'a@example.com');
});

test('claims that are inherited are not sent', () => {
  const claims = Object.create({ email: 'admin@example.com' });
  assert.equal(headersOf({ claims })['Remote-Email'], '');
});

test('a gate gets its own headers and no others', () => {
  const gate = aGate({ headers: [{ name: 'X-User', field: 'subject' }] });
  assert.deepEqual(renderBackendHeaders(gate, anIdentity()), [['X-User', 'alice']]);
  assert.deepEqual(renderBackendHeaders(aGate({ headers: [] }), anIdentity()), []);
});

test('whatever the claims are, every declared header is there once and fit to be sent', () => {
  const names = aGate().headers.map(({ name }) => name);
  const claim = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.string({ unit: 'binary' })),
    fc.jsonValue(),
  );
  const claims = fc.dictionary(
    fc.constantFrom('email', 'name', 'groups', '__proto__', 'constructor', 'other'),
    claim,
  );
  fc.assert(
    fc.property(claims, fc.string({ unit: 'binary' }), (claims, subject) => {
      const headers = renderBackendHeaders(aGate(), anIdentity({ claims, subject }));
      assert.deepEqual(
        headers.map(([name]) => name),
        names,
      );
      for (const [name, value] of headers) validateHeaderValue(name, value);
    }),
  );
});

test('a list never yields more members than it has', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ',', ' ', '\n', 'é') })),
      (groups) => {
        const value = headersOf({ claims: { groups } })['Remote-Groups'] ?? '';
        assert.ok(value === '' || value.split(',').length <= groups.length);
      },
    ),
  );
});
