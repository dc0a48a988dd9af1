import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSubprotocolOffer } from '../../src/core/gate/subprotocol.ts';
import { parseSubprotocolForm } from '../../src/core/gate/subprotocol-form.ts';
import { deny, isDenial } from '../../src/core/model/verdict.ts';
import { subprotocolSource } from '../../src/credentials/subprotocol.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';

function extract(subprotocols: string | undefined) {
  const found = subprotocolSource.extract(aHandshake({ subprotocols }), aGate());
  return found === undefined || isDenial(found) ? found : found.value;
}

const malformed = deny('malformed_credential');
const encode = (text: string) => Buffer.from(text).toString('base64url');

const cases: readonly [what: string, header: string | undefined, found: unknown][] = [
  ['none', undefined, undefined],
  ['own ones only', 'chat.v2, chat.v1', undefined],
  ['the marker alone', 'postern', undefined],
  ['a token alone', 'postern.bearer.abc', 'abc'],
  ['a token between others', 'a,  postern.bearer.abc ,b', 'abc'],
  [
    'a token with every character it may have',
    "postern.bearer.!#$%&'*+.^_`|~-z",
    "!#$%&'*+.^_`|~-z",
  ],
  ['an encoded token', `postern.bearer64.${encode('a/b:c=')}`, 'a/b:c='],
  ['a prefix in capitals, which is another name', 'Postern.Bearer.abc', undefined],
  ['two tokens', 'postern.bearer.a, postern.bearer.b', malformed],
  ['a token twice', 'postern.bearer.a, postern.bearer.a', malformed],
  ['two tokens in two forms', `postern.bearer.a, postern.bearer64.${encode('a')}`, malformed],
  ['an empty token', 'postern.bearer.', malformed],
  ['an empty encoded token', 'postern.bearer64.', malformed],
  ['encoding with padding', 'postern.bearer64.YWJjZA==', malformed],
  ['encoding with a character too many', 'postern.bearer64.YWJjZA0A1', malformed],
  ['encoded white space', `postern.bearer64.${encode('a b')}`, malformed],
  ['an encoded line break', `postern.bearer64.${encode('a\r\nb')}`, malformed],
  ['an empty name in the list', 'postern.bearer.a,,b', malformed],
  ['a list that ends in a comma', 'postern.bearer.a,', malformed],
  ['a name with a space', 'a b', malformed],
  ['a quoted name', '"a"', malformed],
  ['a name twice', 'a, a', malformed],
  ['an empty header', '', malformed],
  ['32 KB of spaces', ' '.repeat(32_768), malformed],
  ['32 KB of commas', ','.repeat(32_768), malformed],
];

for (const [what, header, found] of cases) {
  test(`subprotocols with ${what}`, () => assert.deepEqual(extract(header), found));
}

/** What a gate with these forms finds, and what it lets the application and the client see. */
function read(subprotocols: string, ...words: readonly string[]) {
  const subprotocolForms = words.map(parseSubprotocolForm).map((form) => {
    if ('invalid' in form) throw new Error(form.invalid);
    return form;
  });
  const gate = aGate({ subprotocolForms });
  const found = subprotocolSource.extract(aHandshake({ subprotocols }), gate);
  const { application, marker } = parseSubprotocolOffer(subprotocols, gate) ?? {};
  const value = found === undefined || isDenial(found) ? found : found.value;
  return [value, application, marker];
}
const jupyter = 'v1.token.websocket.jupyter.org';
const kubernetes = 'base64url.bearer.authorization.k8s.io.';

const formCases: readonly [what: string, header: string, words: string[], found: unknown][] = [
  [
    'of Phoenix, beside the one that its server selects',
    `phoenix, base64url.bearer.phx.${encode('abc')}`,
    ['phoenix'],
    ['abc', ['phoenix'], undefined],
  ],
  [
    "of Phoenix, whose client writes + for base64url's -",
    'base64url.bearer.phx.YT5+',
    ['phoenix'],
    ['a>~', [], undefined],
  ],
  [
    'of Kubernetes',
    `${kubernetes}${encode('abc')}, v4.channel.k8s.io`,
    ['kubernetes'],
    ['abc', ['v4.channel.k8s.io'], undefined],
  ],
  [
    'of Jupyter, with the marker alone',
    `${jupyter}, ${jupyter}.a%62c`,
    ['jupyter'],
    ['abc', [], jupyter],
  ],
  [
    'of Jupyter, beside one of the kernel',
    `v1.kernel.websocket.jupyter.org, ${jupyter}, ${jupyter}.abc`,
    ['jupyter'],
    ['abc', ['v1.kernel.websocket.jupyter.org'], jupyter],
  ],
  ['behind "bearer"', 'bearer, abc', ['bearer'], ['abc', [], 'bearer']],
  [
    'behind "bearer", between others',
    'a, bearer, abc, b',
    ['bearer'],
    ['abc', ['a', 'b'], 'bearer'],
  ],
  ['behind a name of its own', 'acme, abc', ['acme {token}'], ['abc', [], 'acme']],
  ['with a prefix of its own', 'acme.t.abc, x', ['acme.t.{token}'], ['abc', ['x'], undefined]],
  ['in base64url, of its own', `acme-${encode('a')}`, ['acme-{base64url}'], ['a', [], undefined]],
  [
    'with the longer of two prefixes',
    `acme.b64.${encode('abc')}`,
    ['acme.{token}', 'acme.b64.{base64url}'],
    ['abc', [], undefined],
  ],
  ["of Postern's form, all the same", 'postern.bearer.abc', ['phoenix'], ['abc', [], undefined]],

  [
    '"bearer" without a token behind it',
    'abc, bearer',
    ['bearer'],
    [malformed, undefined, undefined],
  ],
  [
    'two tokens in two forms',
    'bearer, abc, postern.bearer.abd',
    ['bearer'],
    [malformed, [], 'bearer'],
  ],
  ['"bearer" twice', 'bearer, abc, bearer', ['bearer'], [malformed, undefined, undefined]],
  ['padding', 'base64url.bearer.phx.YWI=', ['phoenix'], [malformed, undefined, undefined]],
  ['broken percent-encoding', `${jupyter}.%zz`, ['jupyter'], [malformed, [], undefined]],
  ['no token behind the prefix', `${kubernetes}`, ['kubernetes'], [malformed, [], undefined]],
  [
    'forms that the gate does not know, which are those of the application',
    `base64url.bearer.phx.${encode('abc')}, bearer, abc`,
    ['jupyter'],
    [undefined, [`base64url.bearer.phx.${encode('abc')}`, 'bearer', 'abc'], undefined],
  ],
];
for (const [what, header, words, found] of formCases) {
  test(`subprotocols ${what}`, () => assert.deepEqual(read(header, ...words), found));
}

test('a form is a preset, a prefix with an end, or a name before the token', () => {
  const bad = [
    'Phoenix',
    '{token}',
    'chat{token}',
    'chat.{jwt}',
    'chat {base64url}',
    'a b {token}',
  ];
  const reserved = ['postern {token}', 'postern.bearer.{token}', 'postern.x.{base64url}'];
  for (const word of [...bad, ...reserved, 'acme.', 'acme.{token}x', 'a"b.{token}', '']) {
    assert.ok('invalid' in parseSubprotocolForm(word), word);
  }
});

test('no header throws, and what is found is printable', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((rest) => `postern.bearer.${rest}`),
    fc.string().map((rest) => `a, postern.bearer64.${rest}`),
  );
  fc.assert(
    fc.property(text, (header) => {
      const found = extract(header);
      if (typeof found === 'string') assert.match(found, /^[\x21-\x7e]{1,16384}$/);
    }),
  );
});

test('any secret comes back from its encoded form, and no token is among the own ones', () => {
  const secret = fc.string({
    minLength: 1,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });
  fc.assert(
    fc.property(secret, (value) => {
      const header = `chat, postern.bearer64.${encode(value)}`;
      assert.equal(extract(header), value);
      assert.deepEqual(parseSubprotocolOffer(header, aGate())?.application, ['chat']);
    }),
  );
});
